import { packOrder, unpackOrder, type InputRun } from '@mft/graph';
import type { End, Frame, PackedEnds } from './state.js';

/** Neighbours of so many different ends are written as one. */
const PACKED = 3;

/**
 * Adds a run to runs sorted by `from`, joined to its neighbours where they say the same.
 *
 * @throws Error when an index has arrived before: a defect
 * @example
 * ```ts
 * addEnd([{ from: 0, to: 2, step: 'a', visit: 0 }], { from: 2, to: 3, step: 'a', visit: 0 }); // [{ from: 0, to: 3, … }]
 * ```
 */
export function addEnd(ends: readonly End[], run: End): readonly End[] {
  // In order is by far the most frequent case, so the search begins at the end.
  const at = ends.findLastIndex(({ from }) => from <= run.from) + 1;
  const before = ends[at - 1];
  const after = ends[at];
  if ((before !== undefined && before.to > run.from) || (after !== undefined && run.to > after.from)) {
    throw new Error(`Index ${run.from} of a frame has arrived twice.`);
  }
  const left = before !== undefined && same(before, run) && before.to === run.from ? before : undefined;
  const right = after !== undefined && same(after, run) && after.from === run.to ? after : undefined;
  const merged = { ...run, from: left?.from ?? run.from, to: right?.to ?? run.to };
  return ends.toSpliced(left === undefined ? at : at - 1, (left ? 1 : 0) + (right ? 1 : 0), merged);
}

function same(one: End, other: End): boolean {
  return 'step' in one && 'step' in other && one.step === other.step && one.visit === other.visit;
}

/**
 * The same ends in fewer words: the last steps of 100,000 indices, each chosen by a switch, are about as many letters.
 *
 * @example
 * ```ts
 * packEnds([{ from: 0, to: 1, step: 'a', visit: 0 }, { from: 1, to: 2, step: 'b', visit: 0 }, { from: 2, to: 4, step: 'a', visit: 0 }]);
 * // [{ from: 0, to: 4, kinds: [['a', 0], ['b', 0]], order: 'aba2' }]
 * ```
 */
export function packEnds(ends: readonly End[]): readonly End[] {
  const packed: End[] = [];
  for (let at = 0; at < ends.length;) {
    let next = at + 1;
    while (next < ends.length && ends[next]?.from === ends[next - 1]?.to) next += 1;
    const stretch = ends.slice(at, next);
    packed.push(...(stretch.length < PACKED ? stretch : [packStretch(stretch)]));
    at = next;
  }
  return packed;
}

function packStretch(stretch: readonly End[]): PackedEnds {
  const kinds: (readonly [step: string, visit: number])[] = [];
  const known = new Map<string, number>();
  const runs: [kind: number, count: number][] = [];
  const add = (step: string, visit: number, count: number): void => {
    const name = `${visit} ${step}`;
    const kind = known.get(name) ?? kinds.push([step, visit]) - 1;
    known.set(name, kind);
    const last = runs.at(-1);
    if (last?.[0] === kind) last[1] += count;
    else runs.push([kind, count]);
  };
  for (const end of stretch) {
    if ('step' in end) add(end.step, end.visit, end.to - end.from);
    else for (const [kind, count] of unpackOrder(end.order)) add(...kindOf(end, kind), count);
  }
  return { from: stretch[0]?.from ?? 0, to: stretch.at(-1)?.to ?? 0, kinds, order: packOrder(runs) };
}

function kindOf({ kinds }: PackedEnds, kind: number): readonly [step: string, visit: number] {
  const found = kinds[kind];
  if (found === undefined) throw new Error('The ends of a foreach cannot be read.');
  return found;
}

/** The inputs of the join that closes a frame all of whose branches have arrived, in the order that the step sees. */
export function inputsOfJoin(frame: Frame): readonly InputRun[] {
  const { index } = frame.opener;
  if (frame.mappers !== undefined) return [frame.mappers];
  if (frame.kind === 'split')
    return frame.ends.flatMap((end) => ('step' in end ? [{ step: end.step, index, visit: end.visit }] : []));
  return packEnds(frame.ends).map((end) => ({ index, ...end }));
}
