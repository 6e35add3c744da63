import { runIdOf, taskQueueOf } from '@mft/graph';
import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import type { RunMemo } from './memo.js';
import { settledOutcome, type RunStatus } from './outcome.js';

/** What is known of a run without asking a worker. Times are ISO 8601, UTC. */
export interface RunSummary {
  readonly status: 'running' | RunStatus;
  /** `Flow/run` */
  readonly pathspec: string;
  readonly runId: string;
  readonly workflowId: string;
  /** Name of the deployment. */
  readonly deployment: string;
  readonly flow: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Statuses as the server names them; a run that continued as new runs on. */
const STATUS: Readonly<Record<string, RunSummary['status'] | undefined>> = {
  RUNNING: 'running',
  PAUSED: 'running',
  CONTINUED_AS_NEW: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed_out',
};

/**
 * Summary of a run from what Temporal's visibility or its description says. A run that its own deadline ended counts as failed here:
 * {@link settleStatus} tells.
 *
 * @example
 * ```ts
 * summaryOf(await findRun(client, 'HelloFlow-x7k2m0ab')).pathspec; // 'HelloFlow/temporal-HelloFlow-x7k2m0ab'
 * ```
 */
export function summaryOf(info: WorkflowExecutionInfo | WorkflowExecutionDescription): RunSummary {
  const { workflowId, startTime, closeTime } = info;
  const { flow, deployment } = namesOf(info);
  const runId = runIdOf(workflowId);
  return {
    status: STATUS[info.status.name] ?? 'running',
    ...{ pathspec: `${flow}/${runId}`, runId, workflowId, deployment, flow },
    startedAt: startTime.toISOString(),
    ...(closeTime === undefined ? {} : { endedAt: closeTime.toISOString() }),
  };
}

/**
 * The same with `timed_out` where a failed run's failure is its own deadline, and `terminated` where it was undone and ended on demand:
 * that lies in its history only.
 *
 * @example
 * ```ts
 * const { status } = await settleStatus(client, summary);
 * ```
 */
export async function settleStatus<S extends RunSummary>(client: Client, summary: S): Promise<S> {
  if (summary.status !== 'failed') return summary;
  // A history that is gone meanwhile leaves the summary as it is.
  const outcome = await settledOutcome(client, summary).catch(() => undefined);
  return outcome === undefined ? summary : { ...summary, status: outcome.status };
}

/** By the memo; of a run that another client started without one, by its task queue or its workflow id. */
function namesOf({ memo, taskQueue, workflowId }: WorkflowExecutionInfo | WorkflowExecutionDescription): {
  flow: string;
  deployment: string;
} {
  const { flow, deployment } = (memo ?? {}) as Partial<RunMemo>;
  const prefix = taskQueueOf('');
  const guess = taskQueue.startsWith(prefix) ? taskQueue.slice(prefix.length) : workflowId.replace(/[-:].*$/s, '');
  const name = deployment ?? flow ?? guess;
  return { deployment: name, flow: flow ?? name.split('.').at(-1) ?? name };
}
