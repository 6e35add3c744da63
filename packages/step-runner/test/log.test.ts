import { expect, it } from 'vitest';
import { formatLogLine } from '../src/index.js';

it.each([
  [{ label: 'train[3]', attempt: 0, line: 'hello' }, '[train[3]] hello'],
  [{ label: 'train[3]', attempt: 2, line: 'hello' }, '[train[3] retry 2] hello'],
  [{ label: 'loop#4', attempt: 0, line: '' }, '[loop#4] '],
])('%j is printed as %s', (line, expected) => expect(formatLogLine(line)).toBe(expected));
