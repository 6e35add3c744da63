import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beginSaga,
  countEntries,
  describeReport,
  emptySaga,
  isBlock,
  isSettled,
  lastFirst,
  recordBlock,
  recordEntry,
  recordInto,
  reportOf,
  requeue,
  settle,
  takeNext,
} from '@mft/saga';
import type { Lanes, SagaItem, SagaState } from '@mft/saga';

const entry = (id: string) => ({ id, data: id });
const ids = (state: SagaState<string>) => Array.from(lastFirst(state.items), (one) => one.id);

/** a, a block of b1 b2 (b1 done first), c */
function sample(): SagaState<string> {
  let state = recordEntry(emptySaga<string>(), entry('a'));
  state = recordBlock(state, 'child', [entry('b1'), entry('b2')]);
  return recordEntry(state, entry('c'));
}

/** Undoes everything; returns for each moment what was running. */
function drain(
  start: SagaState<string>,
  lanes: Lanes,
  hop: (state: SagaState<string>) => SagaState<string> = (s) => s,
) {
  let state = start;
  const begun: string[] = [];
  const moments: string[][] = [];
  for (;;) {
    const next = takeNext(hop(state), lanes);
    state = next.state;
    begun.push(...next.entries.map((one) => one.id));
    if (state.running.length === 0) return { state, begun, moments };
    moments.push(state.running.map((one) => one.id));
    state = settle(state, state.running[0]?.id ?? '');
  }
}

describe('the log', () => {
  it('L1: undoes last first, a block as one', () => {
    expect(ids(sample())).toEqual(['c', 'b2', 'b1', 'a']);
    const { begun, moments } = drain(sample(), {});
    expect(begun).toEqual(['c', 'b2', 'b1', 'a']);
    expect(moments.every((moment) => moment.length === 1)).toBe(true);
  });

  it('goes side by side only inside a block unless asked for more', () => {
    expect(drain(sample(), { parallel: 3 }).moments).toEqual([['c'], ['b2', 'b1'], ['b1'], ['a']]);
    expect(drain(sample(), { parallel: 3, scope: 'all' }).moments[0]).toEqual(['c', 'b2', 'b1']);
  });

  it('does not begin a block before the one after it is done', () => {
    let state = recordBlock(emptySaga<string>(), 'one', [entry('x')]);
    state = recordBlock(state, 'two', [entry('y')]);
    expect(drain(state, { parallel: 5 }).moments).toEqual([['y'], ['x']]);
  });

  it('collects the entries of a group at the place of its first', () => {
    let state = recordInto(emptySaga<string>(), 'rooms', entry('r1'));
    state = recordEntry(state, entry('car'));
    state = recordInto(state, 'rooms', entry('r2'));
    expect(ids(state)).toEqual(['car', 'r2', 'r1']);
    expect(drain(state, { parallel: 2 }).moments[1]).toEqual(['r2', 'r1']);
  });

  it('leaves no trace of an empty block', () => {
    const state = recordBlock(emptySaga<string>(), 'child', [{ block: 'inner', items: [] }]);
    expect(state.items).toEqual([]);
  });

  it('L4: goes on after a failure, and the report names it', () => {
    let state = beginSaga(sample(), { type: 'StepFailed', message: 'Payment declined' });
    let next = takeNext(state);
    state = settle(next.state, 'c', 'hotel API: 503');
    next = takeNext(state);
    state = settle(next.state, 'b2');
    const report = reportOf(state);
    expect(report).toEqual({
      complete: false,
      compensated: ['b2'],
      failed: [{ id: 'c', name: 'c', error: 'hotel API: 503' }],
      unreached: ['b1', 'a'],
    });
    expect(describeReport(report)).toBe('1 compensated, 1 failed (c: hotel API: 503), 2 never reached (b1, a)');
    const cut = { ...report, unreached: ['a', 'b', 'c', 'd', 'e', 'f'], more: { compensated: 41, unreached: 4 } };
    expect(describeReport(cut)).toBe(
      '42 compensated, 1 failed (c: hotel API: 503), 10 never reached (a, b, c, d, e and 5 more)',
    );
  });

  it('keeps the first cause', () => {
    const once = beginSaga(sample(), { type: 'A', message: 'first' });
    expect(beginSaga(once, { type: 'B', message: 'second' }).cause).toEqual({ type: 'A', message: 'first' });
  });

  it('L3: tries interrupted entries again, in the same order', () => {
    const interrupted = takeNext(takeNext(sample()).state, { parallel: 2, scope: 'all' }).state;
    expect(interrupted.running.map((one) => one.id)).toEqual(['c', 'b2']);
    const again = requeue(JSON.parse(JSON.stringify(interrupted)) as SagaState<string>);
    expect(again.running).toEqual([]);
    expect(ids(again)).toEqual(['c', 'b2', 'b1', 'a']);
  });

  it('refuses to settle what is not being undone', () => {
    expect(() => settle(sample(), 'a')).toThrow('Saga entry "a" is not being compensated.');
  });
});

describe('any log', () => {
  const leaf = fc.constant('entry' as const);
  const tree = fc.letrec<{ node: unknown; block: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, leaf, tie('block')),
    block: fc.array(tie('node'), { maxLength: 5 }),
  })).block;

  function build(shape: unknown): SagaState<string> {
    let serial = 0;
    const item = (node: unknown): SagaItem<string> => {
      serial += 1;
      return Array.isArray(node) ? { block: `b${serial}`, items: node.map(item) } : entry(`e${serial}`);
    };
    return { ...emptySaga<string>(), items: (shape as unknown[]).map(item) };
  }

  const lanes = fc.record({
    parallel: fc.integer({ min: 1, max: 4 }),
    scope: fc.constantFrom('blocks' as const, 'all' as const),
  });

  it('L1, L2: begins each entry once, last first, whatever the lanes', () => {
    fc.assert(
      fc.property(tree, lanes, (shape, options) => {
        const state = build(shape);
        const { begun, state: end, moments } = drain(state, options);
        expect(begun).toEqual(ids(state));
        expect(isSettled(end)).toBe(true);
        expect(end.compensated.length).toBe(countEntries(state.items));
        expect(reportOf(end).complete).toBe(true);
        expect(Math.max(0, ...moments.map((moment) => moment.length))).toBeLessThanOrEqual(options.parallel);
      }),
    );
  });

  it('L1: under scope "blocks", runs side by side only what lies directly in one block', () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 2, max: 4 }), (shape, parallel) => {
        const state = build(shape);
        const parent = new Map<string, string>();
        const visit = (items: readonly SagaItem<string>[], block: string): void => {
          for (const item of items) {
            if (isBlock(item)) visit(item.items, item.block);
            else parent.set(item.id, block);
          }
        };
        visit(state.items, '');
        for (const moment of drain(state, { parallel }).moments) {
          const parents = new Set(moment.map((id) => parent.get(id)));
          expect(parents.size).toBe(1);
          if (moment.length > 1) expect(parents.has('')).toBe(false);
        }
      }),
    );
  });

  it('L2, L3: survives JSON and interruption at every moment', () => {
    fc.assert(
      fc.property(tree, lanes, (shape, options) => {
        const state = build(shape);
        const hop = (one: SagaState<string>) => requeue(JSON.parse(JSON.stringify(one)) as SagaState<string>);
        const { state: end } = drain(state, options, hop);
        expect([...end.compensated].sort()).toEqual(ids(state).sort());
      }),
    );
  });
});
