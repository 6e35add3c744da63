import type { SagaItem } from '@mft/saga';
import { labelOf, pileOff, pileOn, type Pile, type UndoTask } from './pile.js';

/*
 * What a run would have to undo, in order of completion: tasks, what children did as one block each, and children of which nobody
 * knows what they did. Plain JSON, never changed in place.
 */

/** What one child did, at the place where the child ended. Blocks nest. */
export interface LogBlock {
  readonly block: string;
  /** Tasks in it, those of inner blocks among them. */
  readonly count: number;
  readonly items: Log;
}

/** A child that ended without a report: what it had completed is not known. */
export interface Lost {
  readonly lost: string;
}

export type LogItem = Pile | LogBlock | Lost;
export type Log = readonly LogItem[];

/** What comes last in a log, and the log without it. */
export type Last = { readonly rest: Log } & (
  | {
      readonly task: UndoTask;
      /** The blocks around it, outermost first. */
      readonly within: readonly string[];
    }
  | Lost
);

/** Number of tasks, and of lost children. */
export function countOf(log: Log): number {
  let sum = 0;
  for (const item of log) sum += 'lost' in item ? 1 : item.count;
  return sum;
}

/** Notes that a task completed. */
export function addTask(log: Log, task: UndoTask): Log {
  const last = log.at(-1);
  if (last !== undefined && 'below' in last) return log.with(-1, pileOn(last, task));
  return [...log, pileOn(undefined, task)];
}

/** Notes what a child did, at the moment of its end. An empty block leaves no trace. */
export function addBlock(log: Log, block: string, items: Log): Log {
  const count = countOf(items);
  return count === 0 ? log : [...log, { block, count, items }];
}

/** Takes off what comes last, wherever it lies. Blocks that it leaves empty go with it. */
export function takeLast(log: Log): Last | undefined {
  const last = log.at(-1);
  if (last === undefined) return undefined;
  const rest = log.slice(0, -1);
  if ('lost' in last) return { ...last, rest };
  if ('below' in last) {
    const { task, rest: pile } = pileOff(last);
    return { task, within: [], rest: pile === undefined ? rest : [...rest, pile] };
  }
  const inner = takeLast(last.items);
  if (inner === undefined) return takeLast(rest);
  const items = inner.rest;
  const left = items.length === 0 ? rest : [...rest, { ...last, items, count: countOf(items) }];
  return 'lost' in inner
    ? { lost: inner.lost, rest: left }
    : { task: inner.task, within: [last.block, ...inner.within], rest: left };
}

/** Names in the order in which they would be undone, `most` at most. */
export function namesOf(log: Log, most: number): readonly string[] {
  const names: string[] = [];
  for (let last = takeLast(log); last !== undefined && names.length < most; last = takeLast(last.rest)) {
    names.push('lost' in last ? last.lost : labelOf(last.task));
  }
  return names;
}

/** A log as it came: runs that began earlier have one entry for each task. */
export function logOf(items: readonly (LogItem | SagaItem<UndoTask>)[]): Log {
  let log: Log = [];
  for (const item of items) {
    if ('block' in item) log = addBlock(log, item.block, logOf(item.items));
    else log = 'data' in item ? addTask(log, item.data) : [...log, item];
  }
  return log;
}
