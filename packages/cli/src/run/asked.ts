import type { AskedRun } from '@mft/worker';
import type { Context } from '../context.js';

/**
 * What `--json` prints of a run that something was asked of.
 *
 * @example
 * ```ts
 * askedJson(await cancelRun(client, id), { cancelRequested: true });
 * ```
 */
export function askedJson(run: AskedRun, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { status, pathspec, runId, workflowId, deployment } = run;
  return { status, ...more, pathspec, runId, workflowId, deployment };
}

/**
 * Warn where nobody is there to do what was asked.
 *
 * @example
 * ```ts
 * warnUnserved(run, 'It is cancelled', context);
 * ```
 */
export function warnUnserved({ polled, taskQueue }: AskedRun, what: string, { warn }: Context): void {
  if (polled !== false) return;
  warn(`warning: no worker polls the task queue "${taskQueue}": ${what} once one does.\n  Start one with "mft serve".`);
}
