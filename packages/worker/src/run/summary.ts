import { runIdOf, SEARCH_ATTRIBUTES, taskQueueOf, type SearchAttributeName } from '@mft/graph';
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
  /** Owner of the run, where that is known. */
  readonly user?: string;
  /** Of a flow with `@project`. */
  readonly project?: string;
  readonly branch?: string;
  /** Those that it was given and its deployment's, but for Metaflow's own. */
  readonly tags: readonly string[];
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
  const { flow, deployment, user, project, branch, tags } = namesOf(info);
  const runId = runIdOf(workflowId);
  return {
    status: STATUS[info.status.name] ?? 'running',
    ...{ pathspec: `${flow}/${runId}`, runId, workflowId, deployment, flow },
    ...(user === undefined ? {} : { user }),
    ...(project === undefined ? {} : { project }),
    ...(branch === undefined ? {} : { branch }),
    tags,
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

type Names = Pick<RunSummary, 'flow' | 'deployment' | 'user' | 'project' | 'branch' | 'tags'>;

/**
 * By the memo, which a run has before any worker saw it; of a run that another client started without one, by the search attributes that
 * the run gave itself, by its task queue or its workflow id.
 */
function namesOf(info: WorkflowExecutionInfo | WorkflowExecutionDescription): Names {
  const { memo, taskQueue, workflowId, typedSearchAttributes } = info;
  const { flow, deployment, user, project, tags } = (memo ?? {}) as Partial<RunMemo>;
  const shown = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
  const word = (name: SearchAttributeName): string | undefined => {
    const value = shown[SEARCH_ATTRIBUTES[name]];
    return typeof value === 'string' ? value : undefined;
  };
  const prefix = taskQueueOf('');
  const guess = taskQueue.startsWith(prefix) ? taskQueue.slice(prefix.length) : workflowId.replace(/[-:].*$/s, '');
  const name = deployment ?? word('deployment') ?? flow ?? word('flow') ?? guess;
  const listed = shown[SEARCH_ATTRIBUTES.tags];
  const owner = user ?? word('user');
  const [inProject, branch] = [project?.name ?? word('project'), project?.branch ?? word('branch')];
  return {
    ...{ deployment: name, flow: flow ?? word('flow') ?? name.split('.').at(-1) ?? name },
    ...(owner === undefined ? {} : { user: owner }),
    ...(inProject === undefined ? {} : { project: inProject }),
    ...(branch === undefined ? {} : { branch }),
    // What a schedule or an event adds to its run is not in the memo.
    tags: [...new Set([...(tags ?? []), ...(Array.isArray(listed) ? listed.map(String) : [])])],
  };
}
