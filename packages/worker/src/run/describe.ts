import type { Compensation, ExitHookReport, StepProgress } from '@mft/graph';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { RunError } from './failure.js';
import { exitHooksOf } from './exit-hooks.js';
import { findRun } from './find.js';
import { describeOutcome } from './outcome.js';
import { isPolled } from './pollers.js';
import { fetchProgress } from './progress.js';
import { summaryOf, type RunSummary } from './summary.js';

/** All that `mft status` tells of a run. */
export interface RunDescription extends RunSummary {
  /** `true` where no new task starts until the run is unsuspended. Absent where no worker could be asked. */
  readonly suspended?: boolean;
  /** Whether a worker polls the run's task queue; absent for a run that has ended, and where the server does not say. */
  readonly polled?: boolean;
  readonly taskQueue: string;
  /** Counts by step; absent where no worker could be asked. */
  readonly steps?: Readonly<Record<string, StepProgress>>;
  readonly error?: RunError;
  /** What has been undone, once that has begun; absent where there is nothing to undo. */
  readonly compensation?: Compensation;
  /** How its exit hooks ended, once they have; absent where none was called. */
  readonly exitHooks?: readonly ExitHookReport[];
}

/** Milliseconds that a worker gets to say how far the run is. */
const PATIENCE = 2_000;

/**
 * Describe a run: how it stands, what ended it, and, where a worker can be asked, how far its steps are.
 *
 * @param name - Metaflow's run id, a pathspec, or a workflow id
 * @throws MftError `RUN_NOT_FOUND`
 * @example
 * ```ts
 * const { status, error } = await describeRun(client, 'temporal-HelloFlow-x7k2m0ab');
 * ```
 */
export async function describeRun(client: Client, name: string): Promise<RunDescription> {
  const found = await findRun(client, name);
  const summary = summaryOf(found);
  const { taskQueue } = found;
  const [startedAt, polled] = await Promise.all([startOf(client, found), isPolled(client, taskQueue)]);
  const open = summary.status === 'running';
  const [outcome, progress] = await Promise.all([
    open ? undefined : describeOutcome(client, summary),
    polled === false ? undefined : fetchProgress(client, found.workflowId, PATIENCE).catch(() => undefined),
  ]);
  const exitHooks = exitHooksOf(found.memo);
  const compensation = open ? progress?.compensation : outcome?.compensation;
  return {
    ...summary,
    startedAt,
    taskQueue,
    ...(outcome === undefined ? {} : { status: outcome.status, pathspec: outcome.pathspec }),
    ...(outcome?.error === undefined ? {} : { error: outcome.error }),
    ...(open && progress !== undefined ? { suspended: progress.suspended === true } : {}),
    ...(open && polled !== undefined ? { polled } : {}),
    ...(progress === undefined ? {} : { steps: progress.steps }),
    ...(compensation === undefined ? {} : { compensation }),
    ...(exitHooks === undefined ? {} : { exitHooks }),
  };
}

/** A run that continued as new began with its first execution. */
async function startOf(
  client: Client,
  { workflowId, runId, startTime, raw }: WorkflowExecutionDescription,
): Promise<string> {
  const first = raw.workflowExecutionInfo?.firstRunId;
  if (!first || first === runId) return startTime.toISOString();
  const began = await client.workflow
    .getHandle(workflowId, first)
    .describe()
    .catch(() => undefined);
  return (began?.startTime ?? startTime).toISOString();
}
