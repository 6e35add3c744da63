import type { FlowTriggers } from '@mft/graph';
import type { Client } from '@temporalio/client';

/**
 * Workflow id of what joins the events of a deployment that waits for several.
 *
 * @example
 * ```ts
 * joinerIdOf('ReportFlow'); // 'metaflow-trigger.ReportFlow'
 * ```
 */
export function joinerIdOf(deployment: string): string {
  return `metaflow-trigger.${deployment}`;
}

/**
 * End what joins a deployment's events, if there is such a workflow: what waits for others is forgotten. Runs go on.
 *
 * @param reason - for its history
 * @example
 * ```ts
 * await endJoiner(client, 'ReportFlow', 'The deployment was deleted.');
 * ```
 */
export async function endJoiner(client: Client, deployment: string, reason: string): Promise<void> {
  try {
    await client.workflow.getHandle(joinerIdOf(deployment)).terminate(reason);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowNotFoundError') throw error;
  }
}

/**
 * End it where a new version of the deployment has no use for it: the version waits for one event at most, or is served elsewhere.
 *
 * @param before - triggers and task queue of the version that was on record
 * @example
 * ```ts
 * await endStaleJoiner(client, 'ReportFlow', olderMemo, newerMemo);
 * ```
 */
export async function endStaleJoiner(client: Client, deployment: string, before: Joined, now: Joined): Promise<void> {
  if (!joins(before) || (joins(now) && before.taskQueue === now.taskQueue)) return;
  await endJoiner(client, deployment, 'The deployment was changed.');
}

interface Joined {
  readonly triggers?: FlowTriggers | undefined;
  readonly taskQueue?: string | undefined;
}

function joins({ triggers }: Joined): boolean {
  return (triggers?.on.length ?? 0) > 1;
}
