import { addCompensation, PROGRESS_QUERY, type Compensation, type Progress, type StepProgress } from '@mft/graph';
import type { Client } from '@temporalio/client';

/** Milliseconds that one round of queries may take: a busy worker answers queries late. */
const QUERY_TIMEOUT = 5_000;

/**
 * Ask a run where it stands. Counts of its running children are added to its own, so the answer is whole at any width.
 *
 * @param timeout - milliseconds to wait for the worker to answer (default 5000)
 * @throws what Temporal's client throws where no worker answers in time
 * @example
 * ```ts
 * const { steps } = await fetchProgress(client, 'HelloFlow-x7k2m0ab');
 * ```
 */
export async function fetchProgress(client: Client, workflowId: string, timeout = QUERY_TIMEOUT): Promise<Progress> {
  return client.connection.withDeadline(Date.now() + timeout, () => fetchMerged(client, workflowId));
}

async function fetchMerged(client: Client, workflowId: string): Promise<Progress> {
  const own = await client.workflow.getHandle(workflowId).query<Progress>(PROGRESS_QUERY);
  if (own.children.length === 0) return own;
  const children = await Promise.all(own.children.map((id) => fetchMerged(client, id).catch(() => undefined)));
  return mergeProgress(
    own,
    children.filter((c) => c !== undefined),
  );
}

/**
 * Add the counts of children, and what they undid, to those of their parent.
 *
 * @example
 * ```ts
 * mergeProgress(parent, [child]).steps['train'].done; // parent's + child's
 * ```
 */
export function mergeProgress(parent: Progress, children: readonly Progress[]): Progress {
  const steps: Record<string, StepProgress> = Object.fromEntries(
    Object.entries(parent.steps).map(([name, s]) => [name, { ...s }]),
  );
  let compensation: Compensation | undefined = parent.compensation;
  for (const child of children) {
    if (child.compensation !== undefined)
      compensation =
        compensation === undefined ? child.compensation : addCompensation(compensation, child.compensation);
    for (const [name, counts] of Object.entries(child.steps)) {
      const sum = (steps[name] ??= { total: 0, running: 0, done: 0, failed: 0 });
      sum.total += counts.total;
      sum.running += counts.running;
      sum.done += counts.done;
      sum.failed += counts.failed;
      const started = earliest(sum.started, counts.started);
      const ended = latest(sum.ended, counts.ended);
      if (started !== undefined) sum.started = started;
      if (ended !== undefined) sum.ended = ended;
    }
  }
  return { ...parent, steps, ...(compensation === undefined ? {} : { compensation }) };
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b);
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}
