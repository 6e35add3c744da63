import type { ArrivedEvent } from '@mft/graph';
import { describe, expect, test } from 'vitest';
import { initialJoin, join, MEMORY, type JoinedRun } from '../src/trigger/join.js';
import { arrived } from './support/events.js';

/** The runs that a sequence of events starts. */
function runsOf(...events: readonly ArrivedEvent[]): JoinedRun[] {
  let state = initialJoin();
  return events.flatMap((event) => {
    const next = join(state, event);
    ({ state } = next);
    return next.start ?? [];
  });
}
const ids = (runs: readonly JoinedRun[]) => runs.map(({ input }) => input.triggers?.map(({ id }) => id));

describe('joining events', () => {
  test('a run starts with the last of them, named after it, with what all give', () => {
    const [run, ...more] = runsOf(arrived('b', 1), arrived('a', 2));
    expect(more).toEqual([]);
    expect(run).toMatchObject({ workflowId: 'HandFlow-key-a2', taskQueue: 'queue', memo: { deployment: 'HandFlow' } });
    expect(run?.input).toMatchObject({ hash: 'a'.repeat(64), params: { a: 2, b: 1 } });
    expect(ids([run!])).toEqual([['a2', 'b1']]);
  });

  test('J1: an event is taken once, also after it was used up', () => {
    expect(ids(runsOf(arrived('a', 1), arrived('b', 1), arrived('a', 1), arrived('b', 1), arrived('b', 2)))).toEqual([
      ['a1', 'b1'],
    ]);
  });

  test('J1: what is remembered is bounded', () => {
    let state = initialJoin();
    for (let i = 0; i < MEMORY + 5; i += 1) ({ state } = join(state, arrived('a', i)));
    expect(state.seen.length).toBe(MEMORY);
    expect(state.seen.at(-1)).toBe(`key-a${MEMORY + 4}`);
  });

  test('J2: of each name the last one counts', () => {
    expect(ids(runsOf(arrived('a', 1), arrived('a', 2), arrived('b', 1)))).toEqual([['a2', 'b1']]);
  });

  test('J3: what has waited too long is forgotten, by the time of publication', () => {
    const at = 1_700_000_000_000;
    const early = arrived('a', 1, { at, expires: at + 1000 });
    expect(runsOf(early, arrived('b', 1, { at: at + 1000 }))).toEqual([]);
    expect(ids(runsOf(early, arrived('b', 1, { at: at + 999 })))).toEqual([['a1', 'b1']]);
    const again = [early, arrived('b', 1, { at: at + 1000 }), arrived('a', 2, { at: at + 1001 })];
    expect(ids(runsOf(...again))).toEqual([['a2', 'b1']]);
  });

  test('J4: names that the deployment no longer waits for are forgotten, new ones waited for', () => {
    const newer = { names: ['b', 'c'] };
    expect(ids(runsOf(arrived('a', 1), arrived('b', 1, newer), arrived('c', 1, newer)))).toEqual([['b1', 'c1']]);
  });

  test('J5: each set starts a run of its own', () => {
    const sets = Array.from({ length: 50 }, (_, i) => [arrived('a', i), arrived('b', i)]).flat();
    const runs = runsOf(...sets);
    expect(new Set(runs.map(({ workflowId }) => workflowId)).size).toBe(50);
  });
});
