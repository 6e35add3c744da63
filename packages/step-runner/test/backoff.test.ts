import { expect, it } from 'vitest';
import { Backoff } from '../src/launcher/backoff.js';

it('waits twice as long after each early end, a minute at most, and not at all after a long life', () => {
  const backoff = new Backoff(1000);
  expect([10, 999, 0].map((lived) => backoff.after(lived))).toEqual([500, 1000, 2000]);
  expect(backoff.after(1000)).toBe(0);
  expect(Array.from({ length: 9 }, () => backoff.after(10)).at(-1)).toBe(60_000);
});
