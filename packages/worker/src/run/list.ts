import { METAFLOW_WORKFLOW, MftError } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { settleStatus, summaryOf, type RunSummary } from './summary.js';
import { namespaceNotFound } from './start.js';

/** Which runs are listed. */
export interface RunFilter {
  /** Name of the flow. */
  readonly flow?: string | undefined;
  /** Name of the deployment. */
  readonly deployment?: string | undefined;
  readonly status?: RunSummary['status'] | undefined;
  /** How many runs at most. @defaultValue 20 */
  readonly limit?: number | undefined;
}

/** The statuses that a run can have, in the order of a run's life. */
export const RUN_STATUSES = ['running', 'completed', 'failed', 'cancelled', 'terminated', 'timed_out'] as const;

/** Clauses of Temporal's list filter. A run's own deadline is a failure to the server. */
const CLAUSES: Readonly<Record<RunSummary['status'], string>> = {
  running: 'ExecutionStatus = "Running"',
  completed: 'ExecutionStatus = "Completed"',
  failed: 'ExecutionStatus = "Failed"',
  cancelled: 'ExecutionStatus = "Canceled"',
  terminated: 'ExecutionStatus = "Terminated"',
  timed_out: 'ExecutionStatus IN ("Failed", "TimedOut")',
};

/** Runs fetched at once: those of a schedule carry their deployment's config in the memo. */
const PAGE = 50;

/**
 * List runs: those that go on, then those that ended last; the newest first. Reads no more than it needs to.
 *
 * @throws MftError `INVALID_OPTION` for an unknown status, `NAMESPACE_NOT_FOUND`
 * @example
 * ```ts
 * const failed = await listRuns(client, { deployment: 'HelloFlow', status: 'failed', limit: 5 });
 * ```
 */
export async function listRuns(client: Client, filter: RunFilter = {}): Promise<RunSummary[]> {
  const { flow, deployment, status, limit = 20 } = filter;
  if (status !== undefined && !RUN_STATUSES.includes(status)) {
    throw new MftError('INVALID_OPTION', `There is no status "${status as string}".`, {
      hint: `One of: ${RUN_STATUSES.join(', ')}`,
    });
  }
  const clause = status === undefined ? 'ExecutionStatus != "ContinuedAsNew"' : CLAUSES[status];
  const query = `WorkflowType = "${METAFLOW_WORKFLOW}" AND ${clause}`;
  const runs: RunSummary[] = [];
  try {
    for await (const info of client.workflow.list({ query, pageSize: Math.max(1, Math.min(PAGE, limit)) })) {
      if (runs.length >= limit) break;
      const summary = summaryOf(info);
      if (flow !== undefined && summary.flow !== flow) continue;
      if (deployment !== undefined && summary.deployment !== deployment) continue;
      // What the server calls failed is one or the other only once it was looked at.
      const settled = status === undefined ? summary : await settleStatus(client, summary);
      if (status === undefined || settled.status === status) runs.push(settled);
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'NamespaceNotFoundError')
      throw namespaceNotFound(client.options.namespace, error);
    throw error;
  }
  const settled = status === undefined ? await Promise.all(runs.map((run) => settleStatus(client, run))) : runs;
  return settled.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}
