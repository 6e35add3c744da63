import { inputPaths, unpackOrder } from '@mft/graph';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, initialRun, type End } from '../src/index.js';
import { addEnd, packEnds } from '../src/engine/ends.js';
import { planOf } from './support/graphs.js';

const one = (i: number, step: string, visit = 0) => ({ from: i, to: i + 1, step, visit });

/** `step/visit` of each index. */
function spelled(ends: readonly End[]): string[] {
  return ends.flatMap((end) =>
    'step' in end
      ? Array.from({ length: end.to - end.from }, () => `${end.step}/${end.visit}`)
      : [...unpackOrder(end.order)].flatMap(([kind, count]) =>
          Array.from({ length: count }, () => end.kinds[kind]!.join('/')),
        ),
  );
}

describe('how the indices of a foreach ended', () => {
  test('few runs stay as they are, many are written as one', () => {
    const two = [one(0, 'a'), one(1, 'b')];
    expect(packEnds(two)).toEqual(two);
    expect(packEnds([...two, one(2, 'a'), { ...one(3, 'a', 1), to: 6 }])).toEqual([
      {
        from: 0,
        to: 6,
        kinds: [
          ['a', 0],
          ['b', 0],
          ['a', 1],
        ],
        order: 'abac3',
      },
    ]);
  });

  test('stretches with a gap between them stay apart', () => {
    const ends = [one(0, 'a'), one(1, 'b'), one(2, 'a'), one(9, 'a'), one(10, 'b'), one(11, 'a')];
    expect(packEnds(ends).map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [9, 12],
    ]);
  });

  test('in whatever order and packed how often they arrive, each index is told as it ended', () => {
    const kinds = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(kinds, fc.nat(7), fc.infiniteStream(fc.nat(1000)), (ended, size, order) => {
        const singles = ended.map(([step, visit], i) => one(i, step, visit));
        const parts: End[][] = [];
        for (let i = 0; i < singles.length; i += size + 1) {
          let part: readonly End[] = [];
          for (const end of singles.slice(i, i + size + 1)) part = addEnd(part, end);
          parts.push([...packEnds(part)]);
        }
        const shuffled = parts.map((part) => [order.next().value ?? 0, part] as const).sort(([a], [b]) => a - b);
        let ends: readonly End[] = [];
        for (const [, part] of shuffled) for (const end of part) ends = addEnd(ends, end);
        const expected = ended.map(([step, visit]) => `${step}/${visit}`);
        expect(spelled(ends)).toEqual(expected);
        expect(spelled(packEnds(ends))).toEqual(expected);
      }),
    );
  });

  test('an index that ends twice is a defect', () => {
    const packed = packEnds([one(0, 'a'), one(1, 'b'), one(2, 'a')]);
    expect(() => addEnd(packed, one(1, 'a'))).toThrow('has arrived twice');
  });

  test('100,000 indices that end in alternating steps stay below 256 KB, in the state and in the input of the join', () => {
    const plan = planOf(
      ['start', 'foreach', ['choose'], 'join'],
      ['choose', 'switch', ['odd', 'even']],
      ['odd', 'linear', ['join']],
      ['even', 'linear', ['join']],
      ['join', 'join', ['end']],
      ['end', 'end', []],
    );
    const width = 100_000;
    let state = advance(plan, initialRun(), { type: 'begin', at: 0 }).state;
    state = advance(plan, state, { type: 'started', at: 0 }).state;
    const transition = { splits: width };
    let next = advance(plan, state, { type: 'taskDone', at: 0, id: 'temporal-start-0', transition });
    let largest = 0;
    while (Object.keys(next.state.children).length > 0) {
      // The last one first: they end in any order.
      const [id, { from, to }] = Object.entries(next.state.children).at(-1)!;
      const singles = Array.from({ length: to - from }, (_, i) => one(from + i, i % 2 === 0 ? 'even' : 'odd'));
      const report = {
        outcome: { status: 'completed' as const },
        ends: packEnds(singles),
        done: to - from,
        steps: {},
        saga: [],
      };
      next = advance(plan, next.state, { type: 'childDone', at: 0, id, report });
      largest = Math.max(largest, JSON.stringify(next.state).length);
    }
    expect(largest).toBeLessThan(256_000);
    const [join] = next.commands.filter((command) => command.type === 'runTask');
    expect(join?.id).toBe('temporal-join-0');
    expect(JSON.stringify(join).length).toBeLessThan(256_000);
    const paths = inputPaths('r', join!.task.inputs);
    expect(paths).toHaveLength(width);
    expect(paths[0]).toBe('r/even/temporal-even-0-0');
    expect(paths[99_999]).toBe('r/odd/temporal-odd-99999-0');
  });
});
