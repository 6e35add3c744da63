import { METAFLOW_WORKFLOW, MftError, SEARCH_ATTRIBUTES, type SearchAttributeName } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { isRefusedQuery } from '../connection/refused-query.js';
import { settleStatus, summaryOf, type RunSummary } from './summary.js';
import { namespaceNotFound } from './start.js';

/** Which runs are listed: those of which all that is given is true. */
export interface RunFilter {
  /** Name of the flow. */
  readonly flow?: string | undefined;
  /** Name of the deployment. */
  readonly deployment?: string | undefined;
  /** Name of the `@project`. */
  readonly project?: string | undefined;
  /** Its branch, as Metaflow writes it: `prod`, `test.staging`, `user.alice`. */
  readonly branch?: string | undefined;
  /** Owner of the run. */
  readonly user?: string | undefined;
  /** Tags, of which it has each. */
  readonly tags?: readonly string[] | undefined;
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
  const { status, limit = 20 } = filter;
  if (status !== undefined && !RUN_STATUSES.includes(status)) {
    throw new MftError('INVALID_OPTION', `There is no status "${status as string}".`, {
      hint: `One of: ${RUN_STATUSES.join(', ')}`,
    });
  }
  const clause = status === undefined ? 'ExecutionStatus != "ContinuedAsNew"' : CLAUSES[status];
  const plain = `WorkflowType = "${METAFLOW_WORKFLOW}" AND ${clause}`;
  const narrow = narrowing(filter);
  const listed = async (query: string): Promise<RunSummary[]> => {
    const runs: RunSummary[] = [];
    for await (const info of client.workflow.list({ query, pageSize: Math.max(1, Math.min(PAGE, limit)) })) {
      if (runs.length >= limit) break;
      const summary = summaryOf(info);
      if (!fits(summary, filter)) continue;
      // What the server calls failed is one or the other only once it was looked at.
      const settled = status === undefined ? summary : await settleStatus(client, summary);
      if (status === undefined || settled.status === status) runs.push(settled);
    }
    return runs;
  };
  let runs: RunSummary[];
  try {
    runs = await listed([plain, ...narrow].join(' AND ')).catch((error: unknown) => {
      // The namespace lacks one of the attributes: every run is looked at, as its memo tells.
      if (narrow.length > 0 && isRefusedQuery(error)) return listed(plain);
      throw error;
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'NamespaceNotFoundError')
      throw namespaceNotFound(client.options.namespace, error);
    throw error;
  }
  const settled = status === undefined ? await Promise.all(runs.map((run) => settleStatus(client, run))) : runs;
  return settled.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Clauses that spare reading runs which do not fit. A run that shows nothing of itself (yet) is told by its memo. */
function narrowing({ flow, deployment, project, branch, user, tags = [] }: RunFilter): string[] {
  const wanted = Object.entries({ flow, deployment, project, branch, user }) as [SearchAttributeName, string?][];
  const all = [...wanted, ...tags.map((tag) => ['tags', tag] as const)];
  return all
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => {
      const attribute = SEARCH_ATTRIBUTES[name];
      return `(${attribute} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}' OR ${attribute} IS NULL)`;
    });
}

function fits(run: RunSummary, { flow, deployment, project, branch, user, tags = [] }: RunFilter): boolean {
  const wanted = { flow, deployment, project, branch, user };
  const same = (Object.keys(wanted) as (keyof typeof wanted)[]).every(
    (key) => wanted[key] === undefined || run[key] === wanted[key],
  );
  return same && tags.every((tag) => run.tags.includes(tag));
}
