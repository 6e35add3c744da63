import { expect, test } from 'vitest';
import { suggest } from '../src/index.js';

test.each([
  ['greting', 'greeting'],
  ['gretings', 'greeting'],
  ['conut', 'count'],
  ['COUNT', 'count'],
  ['gree', 'greeting'],
  ['zzz', undefined],
  ['x', undefined],
])('%s → %s', (given, meant) => {
  expect(suggest(given, ['greeting', 'count', 'with-dash'])).toBe(meant);
});

test('nothing is near where nothing is known', () => {
  expect(suggest('a', [])).toBeUndefined();
});
