import type { RunOutcome } from '../run/outcome.js';
import { compensationLines } from './compensation.js';
import type { Colors } from './format.js';

const WORDS = {
  completed: 'completed',
  failed: 'failed',
  cancelled: 'was cancelled',
  terminated: 'was terminated',
  timed_out: 'ran out of time',
} as const;

/**
 * A run's end, for a person: what happened, the step's own traceback, and how to read what the run left.
 *
 * @example
 * ```ts
 * process.stderr.write(formatOutcome(outcome, colorsFor(process.stderr)) + '\n');
 * ```
 */
export function formatOutcome(outcome: RunOutcome, colors: Colors): string {
  const { status, pathspec, error, compensation } = outcome;
  const mark = status === 'completed' ? colors.green('✔') : colors.red('✖');
  const lines = [`${mark} ${colors.bold(pathspec)} ${WORDS[status]}`];
  if (error !== undefined) {
    const where = error.step === undefined ? '' : `Step ${error.step}: `;
    // A traceback ends with the message: once is enough.
    lines.push('', ...(error.traceback === undefined ? [] : [error.traceback]));
    if (error.traceback === undefined || !error.traceback.trimEnd().endsWith(error.message))
      lines.push(colors.red(`${where}${error.message}`));
    else if (where !== '') lines.push(colors.red(`Step ${error.step} failed.`));
    lines.push('');
  }
  if (compensation !== undefined) lines.push(...compensationLines(compensation).map((line) => `  ${line}`));
  lines.push(
    status === 'completed' ? `  Read it:  ${readingCode(pathspec)}` : `  What it left:  ${listingCode(pathspec)}`,
  );
  return lines.join('\n');
}

/** One line of shell that prints a run's artifacts through Metaflow's client. */
export function readingCode(pathspec: string): string {
  return `python -c 'import metaflow; metaflow.namespace(None); print(metaflow.Run("${pathspec}").data)'`;
}

/** One line of shell that lists the tasks that a run finished, each with its artifacts: a run that failed has no `data` of its own. */
export function listingCode(pathspec: string): string {
  return `python -c 'import metaflow; metaflow.namespace(None); [print(t, t.data) for s in metaflow.Run("${pathspec}") for t in s]'`;
}
