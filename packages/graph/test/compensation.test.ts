import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addCompensation, compensationCounts, MAX_NAMES, type Compensation } from '../src/index.js';

const none: Compensation = { total: 0, compensated: [], failed: [], unreached: [] };
const names = fc.array(fc.string(), { maxLength: 150 });
const report: fc.Arbitrary<Compensation> = fc
  .record({
    compensated: names,
    failed: fc.array(fc.record({ name: fc.string(), error: fc.string() })),
    unreached: names,
  })
  .map((lists) => ({ ...lists, total: lists.compensated.length + lists.failed.length + lists.unreached.length }));

describe('reports of undoing', () => {
  test('add up, however many there are, and stay small', () => {
    fc.assert(
      fc.property(fc.array(report, { maxLength: 5 }), (reports) => {
        const sum = reports.reduce(addCompensation, none);
        const counts = compensationCounts(sum);
        expect(counts.compensated + counts.failed + counts.unreached).toBe(sum.total);
        expect(counts.compensated).toBe(reports.reduce((n, { compensated }) => n + compensated.length, 0));
        for (const list of [sum.compensated, sum.failed, sum.unreached])
          expect(list.length).toBeLessThanOrEqual(MAX_NAMES);
        expect(JSON.parse(JSON.stringify(sum))).toEqual(sum);
      }),
    );
  });

  test('keep the first names, in order, and say how many they left out', () => {
    const one = { ...none, total: 99, compensated: Array.from({ length: 99 }, (_, i) => `a${i}`) };
    const two = {
      ...none,
      total: 4,
      compensated: ['b', 'c'],
      failed: [{ name: 'd', error: 'x'.repeat(999) }],
      unreached: ['e'],
    };
    expect(addCompensation(one, two)).toEqual({
      total: 103,
      compensated: [...one.compensated, 'b'],
      failed: [{ name: 'd', error: 'x'.repeat(300) }],
      unreached: ['e'],
      more: { compensated: 1 },
    });
    expect(addCompensation(two, none)).not.toHaveProperty('more');
  });
});
