import { compensationCounts, type Compensation } from '@mft/graph';
import { describeReport } from '@mft/saga/log';
import { tasks, type Colors } from './format.js';

/** Names that a person reads. */
const NAMES = 10;

/**
 * What was undone, a few lines for a person: which tasks, which could not be, which were never reached.
 *
 * @example
 * ```ts
 * compensationLines(outcome.compensation); // ['Undone: 2 of 3 tasks: pay, book_flight', 'Not undone: book_hotel: hotel API: 503']
 * ```
 */
export function compensationLines(compensation: Compensation): string[] {
  const { total, compensated, failed, unreached } = compensation;
  const counts = compensationCounts(compensation);
  const names = compensated.length === 0 ? '' : `: ${some(compensated, counts.compensated)}`;
  return [
    `Undone: ${counts.compensated} of ${tasks(total)}${names}`,
    ...failed.slice(0, NAMES).map(({ name, error }) => `Not undone: ${name}: ${error}`),
    ...(counts.failed > NAMES ? [`Not undone: ${counts.failed - NAMES} more`] : []),
    ...(counts.unreached > 0 ? [`Not reached: ${some(unreached, counts.unreached)}`] : []),
  ];
}

/**
 * The one line that a run says whose compensation was incomplete; undefined for every other.
 *
 * @example
 * ```ts
 * incompleteLine(outcome); // 'warning: compensation of HelloFlow/temporal-x was incomplete: 2 compensated, 1 failed (…)'
 * ```
 */
export function incompleteLine({
  pathspec,
  compensation,
}: {
  readonly pathspec: string;
  readonly compensation?: Compensation;
}): string | undefined {
  if (compensation === undefined) return undefined;
  const { failed, unreached } = compensationCounts(compensation);
  if (failed + unreached === 0) return undefined;
  return `warning: compensation of ${pathspec} was incomplete: ${describeReport(compensation)}`;
}

/** What a progress display has told of undoing. */
export interface UndoSeen {
  begun: boolean;
  failures: number;
  over: boolean;
}

/** Lines for a log: one when undoing begins, one for each handler that failed, one when all is over. */
export function undoLines(
  compensation: Compensation | undefined,
  over: boolean,
  seen: UndoSeen,
  colors: Colors,
): string[] {
  if (compensation === undefined) return [];
  const lines: string[] = [];
  const { total, failed } = compensation;
  const counts = compensationCounts(compensation);
  if (!seen.begun) lines.push(`undoing: ${tasks(total)}`);
  seen.begun = true;
  for (const { name, error } of failed.slice(seen.failures))
    lines.push(colors.red(`undoing: ${name} failed: ${error}`));
  seen.failures = Math.max(seen.failures, failed.length);
  if (over && !seen.over) {
    seen.over = true;
    const paint = counts.compensated === total ? colors.green : colors.red;
    lines.push(paint(`undoing: done, ${counts.compensated} of ${tasks(total)}`));
  }
  return lines;
}

/** The last row of a live table while a run undoes, and after that. */
export function undoRow(compensation: Compensation, colors: Colors): string {
  const { compensated, failed } = compensationCounts(compensation);
  const cells = [`↺ undone  ${compensated}/${compensation.total}`, failed > 0 ? colors.red(`${failed} failed`) : ''];
  return colors.yellow(cells.filter((cell) => cell !== '').join('  '));
}

function some(names: readonly string[], all: number): string {
  const shown = names.slice(0, NAMES);
  return shown.join(', ') + (all > shown.length ? ` and ${all - shown.length} more` : '');
}
