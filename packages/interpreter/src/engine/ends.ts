import type { InputRun } from '@mft/graph';
import type { EndRun, Frame } from './state.js';

/**
 * Adds a run to runs sorted by `from`, joined to its neighbours where they say the same.
 *
 * @throws Error when an index has arrived before: a defect
 * @example
 * ```ts
 * addEnd([{ from: 0, to: 2, step: 'a', visit: 0 }], { from: 2, to: 3, step: 'a', visit: 0 }); // [{ from: 0, to: 3, … }]
 * ```
 */
export function addEnd(ends: readonly EndRun[], run: EndRun): readonly EndRun[] {
  // In order is by far the most frequent case, so the search begins at the end.
  const at = ends.findLastIndex(({ from }) => from <= run.from) + 1;
  const before = ends[at - 1];
  const after = ends[at];
  if ((before !== undefined && before.to > run.from) || (after !== undefined && run.to > after.from)) {
    throw new Error(`Index ${run.from} of a frame has arrived twice.`);
  }
  const left = before !== undefined && before.to === run.from && same(before, run) ? before : undefined;
  const right = after !== undefined && after.from === run.to && same(after, run) ? after : undefined;
  const merged = { ...run, from: left?.from ?? run.from, to: right?.to ?? run.to };
  return ends.toSpliced(left === undefined ? at : at - 1, (left ? 1 : 0) + (right ? 1 : 0), merged);
}

function same(one: EndRun, other: EndRun): boolean {
  return one.step === other.step && one.visit === other.visit;
}

/** The inputs of the join that closes a frame all of whose branches have arrived, in the order that the step sees. */
export function inputsOfJoin(frame: Frame): readonly InputRun[] {
  const { index } = frame.opener;
  if (frame.mappers !== undefined) return [frame.mappers];
  return frame.ends.map(({ from, to, step, visit }) =>
    frame.kind === 'split' ? { step, index, visit } : { step, index, visit, from, to },
  );
}
