import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packOrder, unpackOrder } from '../src/order.js';

describe('packOrder', () => {
  it.each([
    [[], ''],
    [[[0, 1]], 'a'],
    [
      [
        [0, 3],
        [1, 1],
        [0, 1],
      ],
      'a3ba',
    ],
    [[[25, 2]], 'z2'],
    [
      [
        [26, 1],
        [27, 10],
      ],
      'BaBb10',
    ],
    [[[26 * 26, 1]], 'BAa'],
  ] as [[number, number][], string][])('writes %j as %s', (runs, text) => {
    expect(packOrder(runs)).toBe(text);
    expect([...unpackOrder(text)]).toEqual(runs);
  });

  it('is read back whatever it wrote', () => {
    const run = fc.tuple(fc.nat(100_000), fc.integer({ min: 1, max: 1_000_000 }));
    fc.assert(
      fc.property(fc.array(run), (runs) => {
        expect([...unpackOrder(packOrder(runs))]).toEqual(runs);
      }),
    );
  });

  it('takes a character an index where two alternate', () => {
    const runs = Array.from({ length: 100_000 }, (_, i) => [i % 2, 1] as const);
    expect(packOrder(runs)).toHaveLength(100_000);
  });

  it.each(['A', '3', 'a-', 'a b'])('refuses %j', (text) => {
    expect(() => [...unpackOrder(text)]).toThrow(/no packed order/);
  });
});
