import { EXIT_HOOKS_MEMO, type ExitHookReport } from '@mft/graph';
import { CancellationScope, log, upsertMemo } from '@temporalio/workflow';
import { hooks, hookTimeout } from './activities.js';
import { errorOf, firstLine } from './errors.js';
import type { RunFacts } from './input.js';

/** Hooks whose output the memo keeps: it must stay small, whatever a flow has. */
const MOST_WITH_OUTPUT = 20;
const MOST_ERROR = 300;

/**
 * Calls exit hooks, one after the other, when all else of the run is over. No cancel reaches them, all are called whatever becomes of
 * the others, and none changes the outcome. How they ended is in the run's memo, where no worker need be asked.
 *
 * @param names - of the functions; with none nothing at all happens
 * @param timeout - seconds that one may take
 */
export async function callExitHooks(
  names: readonly string[],
  { hash, runId }: Pick<RunFacts, 'hash' | 'runId'>,
  timeout?: number,
): Promise<void> {
  if (names.length === 0) return;
  const reports: ExitHookReport[] = [];
  for (const [at, hook] of names.entries()) {
    const options = {
      ...{ activityId: `exit-hook-${at}`, summary: `exit hook ${hook}` },
      startToCloseTimeout: hookTimeout(timeout),
    };
    try {
      const call = () => hooks.runExitHook.executeWithOptions(options, [{ hash, runId, hook }]);
      const { output } = await CancellationScope.nonCancellable(call);
      reports.push({ hook, ok: true, ...(at < MOST_WITH_OUTPUT && output !== '' ? { output } : {}) });
    } catch (error) {
      const { message } = errorOf(error, `The exit hook ${hook}`);
      log.warn(`The exit hook ${hook} failed: ${message}`, { runId });
      reports.push({ hook, ok: false, error: firstLine(message).slice(0, MOST_ERROR) });
    }
  }
  upsertMemo({ [EXIT_HOOKS_MEMO]: reports });
}
