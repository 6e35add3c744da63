import { addCompensation, MAX_NAMES, taskIdOf, type Compensation } from '@mft/graph';
import { recordEntry, settle as settleEntry, takeNext } from '@mft/saga';
import type { Work } from './draft.js';
import { LIMITS } from './limits.js';
import { countOf, namesOf, takeLast, type LogBlock } from './log.js';
import { labelOf, type UndoTask } from './pile.js';
import { beside } from './scope.js';
import type { EngineState, RunError } from './state.js';

/*
 * Undoing, once nothing is in flight any more.
 *
 * U1. What comes last in the log is undone next. More than one at a time only where that was asked for, within one block, and only
 *     tasks that lie at different indices of one foreach.
 * U2. Many tasks, of a child or of the workflow itself, are undone by a child of their own, alone; what that child answers, or that it
 *     was lost, is one event.
 * U3. Every task of the log ends up in the report, in exactly one of its lists, and so does every child that was lost.
 */

/** The part of the state that is there once undoing has begun. */
export interface Undoing {
  /** Absent until the workflow has said it: runs whose undoing began with earlier code undo blocks task by task. */
  readonly inChildren?: boolean;
  /** The block that a child undoes at the moment. */
  readonly block?: LogBlock;
  /** The blocks around the tasks that are being undone. */
  readonly within: readonly string[];
  /** What has ended: nothing that waits or runs is in it. */
  readonly report: Compensation;
}

/** So many times as many of its own tasks a workflow undoes itself: it can continue as new meanwhile. */
const OWN = 10;

const NOTHING: Compensation = { total: 0, compensated: [], failed: [], unreached: [] };

/** Begins to undo, if there is anything. */
export function beginUndoing({ draft, commands }: Work): void {
  if (countOf(draft.log) === 0) return;
  draft.undoing = { within: [], report: NOTHING };
  commands.push({ type: 'askUndo' });
}

/** True when nothing is left to undo and nothing is being undone. */
export function isUndone({ undoing, log, saga }: Pick<EngineState, 'undoing' | 'log' | 'saga'>): boolean {
  return undoing === undefined || (undoing.block === undefined && saga.running.length === 0 && countOf(log) === 0);
}

/** Begins to undo what may be undone now. */
export function undoNext(work: Work): void {
  const { plan, draft } = work;
  const parallel = Math.min(draft.limits.window, Math.max(1, draft.compensate?.parallel ?? 1));
  for (;;) {
    const { undoing, saga, log } = draft;
    if (undoing?.inChildren === undefined || undoing.block !== undefined || saga.running.length >= parallel) return;
    const busy = saga.running.length > 0;
    const block = undoing.inChildren ? largeBlock(draft) : undefined;
    if (block !== undefined) {
      if (!busy) startBlock(work, block);
      return;
    }
    const last = takeLast(log);
    if (last === undefined) return;
    if ('lost' in last) {
      draft.log = last.rest;
      add(work, { total: 1, unreached: [last.lost] });
      continue;
    }
    const { task, within } = last;
    const alike = within.length === undoing.within.length && within.every((name, i) => name === undoing.within[i]);
    if (busy && !(alike && saga.running.every(({ data }) => beside(plan, data, task)))) return;
    draft.log = last.rest;
    // With earlier code they were no tasks of ours.
    if (!undoing.inChildren && task.taskId !== undefined) continue;
    draft.undoing = { ...undoing, within };
    startTask(work, task, parallel);
  }
}

function startTask({ plan, draft, commands }: Work, task: UndoTask, parallel: number): void {
  const recorded = recordEntry(draft.saga, { id: task.taskId ?? taskIdOf(task), name: labelOf(task), data: task });
  const { state, entries } = takeNext(recorded, { parallel, scope: 'all' });
  draft.saga = state;
  for (const { id, data } of entries) {
    const handler = plan.policies[data.step]?.compensate?.handler;
    if (handler === undefined) throw new Error(`Step ${data.step} is to be compensated and has no handler.`);
    commands.push({ type: 'compensate', id, task: data, handler, failure: causeOf(draft) });
  }
}

function startBlock({ draft, commands }: Work, block: LogBlock): void {
  draft.log = draft.log.slice(0, -1);
  draft.undoing = { ...undoingOf(draft), block };
  commands.push({ type: 'undoBlock', id: block.block, items: block.items, failure: causeOf(draft) });
}

/** A handler has ended. */
export function taskUndone(work: Work, id: string, error: string | undefined): void {
  const { compensated, failed, ...saga } = settleEntry(work.draft.saga, id, error);
  // They would grow with the run: the report counts them.
  work.draft.saga = { ...saga, compensated: [], failed: [] };
  add(work, { total: 1, compensated, failed: failed.map(({ name, error }) => ({ name, error })) });
}

/** A child has undone its block. */
export function blockUndone(work: Work, id: string, report: Compensation): void {
  takeBlock(work, id);
  add(work, report);
}

/** A child that was to undo a block is gone: nobody knows how far it came. */
export function blockLost(work: Work, id: string): void {
  const { count } = takeBlock(work, id);
  add(work, { total: count, unreached: [id], ...(count > 1 ? { more: { unreached: count - 1 } } : {}) });
}

/** What undoing has come to, what waits and what runs here among it; undefined where there is nothing to undo. */
export function compensationOf({
  undoing,
  saga,
  log,
}: Pick<EngineState, 'undoing' | 'saga' | 'log'>): Compensation | undefined {
  if (undoing === undefined) return undefined;
  const count = saga.running.length + countOf(log);
  const names = [...saga.running.map(({ id, name }) => name ?? id), ...namesOf(log, MAX_NAMES)];
  const more = count > names.length ? { more: { unreached: count - names.length } } : {};
  return addCompensation({ ...NOTHING, total: count, unreached: names, ...more }, undoing.report);
}

function takeBlock({ draft }: Work, id: string): LogBlock {
  const { block, ...rest } = undoingOf(draft);
  if (block?.block !== id) throw new Error(`Block ${id} was undone and nobody had been asked to.`);
  draft.undoing = rest;
  return block;
}

function add({ draft }: Work, change: Partial<Compensation>): void {
  const undoing = undoingOf(draft);
  draft.undoing = { ...undoing, report: addCompensation(undoing.report, { ...NOTHING, ...change }) };
}

function undoingOf({ undoing }: Pick<EngineState, 'undoing'>): Undoing {
  if (undoing === undefined) throw new Error('Something was undone before undoing began.');
  return undoing;
}

/** What comes last, if it is too much to be undone here: what a child did, or a great many tasks of the workflow itself. */
function largeBlock({ log, limits, outcome }: Pick<EngineState, 'log' | 'limits' | 'outcome'>): LogBlock | undefined {
  const most = limits.undoInline ?? LIMITS.undoInline;
  const top = log.at(-1);
  if (top === undefined || 'lost' in top) return undefined;
  if ('block' in top) return top.count > most ? top : undefined;
  // Only the execution that was asked to can end as cancelled: it must not continue as new.
  if (top.count <= (outcome?.status === 'cancelled' ? most : most * OWN)) return undefined;
  // No other pile lies at this place.
  return { block: `tasks.${log.length}`, count: top.count, items: [top] };
}

function causeOf({ outcome }: Pick<EngineState, 'outcome'>): RunError {
  if (outcome === undefined || outcome.status === 'completed') throw new Error('A run without an error is not undone.');
  return outcome.error;
}
