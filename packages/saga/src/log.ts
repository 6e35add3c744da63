/*
 * The log of a saga, as pure functions over plain data; no Temporal in here, so any engine can use it.
 *
 * L1. Entries are undone last completed first; a block is undone as one, at the place where it was recorded.
 * L2. An entry is in exactly one of `items`, `running`, `compensated`, `failed`; nothing is ever lost or there twice.
 * L3. A state is plain data and never changed in place. One that was carried over while entries were running goes through
 *     {@link requeue}: they are tried again, so undoing must be safe to repeat.
 * L4. Failing to undo one entry stops no other.
 */
import type { Lanes, ReportNames, SagaBlock, SagaCause, SagaEntry, SagaItem, SagaReport, SagaState } from './types.js';

/** A saga in which nothing was done yet. */
export function emptySaga<D>(): SagaState<D> {
  return { items: [], running: [], compensated: [], failed: [] };
}

/** Tells a block from an entry. */
export function isBlock<D>(item: SagaItem<D>): item is SagaBlock<D> {
  return 'block' in item;
}

/**
 * Notes that something was done. The caller sees to it that ids are unique.
 *
 * @example
 * ```ts
 * state = recordEntry(state, { id: 'temporal-book-0', name: 'book', data: { step: 'book' } });
 * ```
 */
export function recordEntry<D>(state: SagaState<D>, entry: SagaEntry<D>): SagaState<D> {
  return { ...state, items: [...state.items, entry] };
}

/**
 * Notes what a child did, as one block, at the moment of the child's end. An empty block leaves no trace.
 *
 * @param items - the child's `state.items`, in order of completion
 * @example
 * ```ts
 * state = recordBlock(state, childWorkflowId, report.saga);
 * ```
 */
export function recordBlock<D>(state: SagaState<D>, block: string, items: readonly SagaItem<D>[]): SagaState<D> {
  return countEntries(items) === 0 ? state : { ...state, items: [...state.items, { block, items }] };
}

/**
 * Notes that something was done as one of a group, which is a block that takes its place when its first entry is recorded.
 *
 * @example
 * ```ts
 * state = recordInto(state, 'rooms', { id: 'room-3', data: 3 });
 * ```
 */
export function recordInto<D>(state: SagaState<D>, group: string, entry: SagaEntry<D>): SagaState<D> {
  const at = state.items.findIndex((item) => isBlock(item) && item.block === group);
  const block = state.items[at];
  if (block === undefined || !isBlock(block)) return recordBlock(state, group, [entry]);
  return { ...state, items: state.items.with(at, { ...block, items: [...block.items, entry] }) };
}

/** Number of entries, those in blocks among them. */
export function countEntries(items: readonly SagaItem[]): number {
  let count = 0;
  for (const item of items) count += isBlock(item) ? countEntries(item.items) : 1;
  return count;
}

/**
 * The entries in the order in which they are to be undone (L1).
 *
 * @example
 * ```ts
 * for (const entry of lastFirst(state.items)) console.log(entry.id);
 * ```
 */
export function* lastFirst<D>(items: readonly SagaItem<D>[]): Generator<SagaEntry<D>, void, undefined> {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined) continue;
    if (isBlock(item)) yield* lastFirst(item.items);
    else yield item;
  }
}

/** Notes why everything is undone. The first cause stays: a state that was carried over keeps its own. */
export function beginSaga<D>(state: SagaState<D>, cause: SagaCause): SagaState<D> {
  return state.cause === undefined ? { ...state, cause } : state;
}

/**
 * Takes the entries that may be undone now, beside those that are being undone already. Call it again after each {@link settle};
 * it returns none while it has to be waited for a running one, and none at the end ({@link isSettled}).
 *
 * @example
 * ```ts
 * const { state: next, entries } = takeNext(state, { parallel: 4 });
 * ```
 */
export function takeNext<D>(
  state: SagaState<D>,
  lanes: Lanes = {},
): { readonly state: SagaState<D>; readonly entries: readonly SagaEntry<D>[] } {
  const parallel = Math.max(1, lanes.parallel ?? 1);
  const free = parallel - state.running.length;
  const entries: SagaEntry<D>[] = [];
  let { items, within = [] } = state;
  while (entries.length < free) {
    const taken = pop(items);
    if (taken === undefined) break;
    const alone = state.running.length + entries.length === 0;
    if (!alone && lanes.scope !== 'all' && !beside(within, taken.within)) break;
    entries.push(taken.entry);
    ({ items, within } = taken);
  }
  if (entries.length === 0) return { state, entries };
  return { state: { ...state, items, within, running: [...state.running, ...entries] }, entries };
}

/**
 * Notes what came of undoing one entry.
 *
 * @param error - one line; absent: it was undone
 * @throws Error when the entry is not being undone: a defect of the caller
 * @example
 * ```ts
 * state = settle(state, entry.id);
 * state = settle(state, entry.id, 'hotel API: 503');
 * ```
 */
export function settle<D>(state: SagaState<D>, id: string, error?: string): SagaState<D> {
  const entry = state.running.find((one) => one.id === id);
  if (entry === undefined) throw new Error(`Saga entry ${JSON.stringify(id)} is not being compensated.`);
  const running = state.running.filter((one) => one !== entry);
  const name = nameOf(entry);
  return error === undefined
    ? { ...state, running, compensated: [...state.compensated, name] }
    : { ...state, running, failed: [...state.failed, { id, name, error }] };
}

/** Puts entries whose undoing was interrupted back where they came from (L3). A no-op where none is running. */
export function requeue<D>(state: SagaState<D>): SagaState<D> {
  if (state.running.length === 0) return state;
  const again = [...state.running].reverse();
  const [only] = again;
  const item: SagaItem<D> = again.length === 1 && only !== undefined ? only : { block: 'interrupted', items: again };
  return { ...state, items: [...state.items, item], running: [], within: [] };
}

/** True when nothing is left to undo and nothing is being undone. */
export function isSettled(state: SagaState): boolean {
  return state.running.length === 0 && countEntries(state.items) === 0;
}

/** What came of undoing, or has come of it so far. */
export function reportOf(state: SagaState): SagaReport {
  const unreached = [...state.running.map(nameOf), ...Array.from(lastFirst(state.items), nameOf)];
  const { compensated, failed } = state;
  return { complete: unreached.length === 0 && failed.length === 0, compensated, failed, unreached };
}

/**
 * A report in one line.
 *
 * @example
 * ```ts
 * describeReport(report); // '2 compensated, 1 failed (book_hotel: hotel API: 503), 1 never reached (reserve)'
 * ```
 */
export function describeReport({ compensated, failed, unreached, more = {} }: ReportNames): string {
  const counts = {
    compensated: compensated.length + (more.compensated ?? 0),
    failed: failed.length + (more.failed ?? 0),
    unreached: unreached.length + (more.unreached ?? 0),
  };
  const parts = [`${counts.compensated} compensated`];
  if (counts.failed > 0) {
    const errors = failed.map(({ name, error }) => `${name}: ${error}`);
    parts.push(`${counts.failed} failed (${some(errors, counts.failed)})`);
  }
  if (counts.unreached > 0) parts.push(`${counts.unreached} never reached (${some(unreached, counts.unreached)})`);
  return parts.join(', ');
}

/** What a person reads of an entry. */
export function nameOf(entry: SagaEntry): string {
  return entry.name ?? entry.id;
}

function some(words: readonly string[], all: number): string {
  const shown = words.slice(0, 5);
  return all <= shown.length ? shown.join(', ') : `${shown.join(', ')} and ${all - shown.length} more`;
}

interface Popped<D> {
  readonly entry: SagaEntry<D>;
  readonly items: readonly SagaItem<D>[];
  /** Ids of the blocks around the entry, outermost first; empty outside of any. */
  readonly within: readonly string[];
}

/** The last entry of all, wherever it lies. Blocks that it leaves empty go with it. */
function pop<D>(items: readonly SagaItem<D>[]): Popped<D> | undefined {
  const last = items.at(-1);
  if (last === undefined) return undefined;
  const rest = items.slice(0, -1);
  if (!isBlock(last)) return { entry: last, items: rest, within: [] };
  const inner = pop(last.items);
  if (inner === undefined) return pop(rest);
  const left = inner.items.length === 0 ? rest : [...rest, { ...last, items: inner.items }];
  return { entry: inner.entry, items: left, within: [last.block, ...inner.within] };
}

/** Entries go side by side only where both lie directly in the same block. */
function beside(one: readonly string[], other: readonly string[]): boolean {
  return one.length > 0 && one.length === other.length && one.every((block, index) => block === other[index]);
}
