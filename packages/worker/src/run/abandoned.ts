import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { METAFLOW_WORKFLOW } from '@mft/graph';
import type { Client } from '@temporalio/client';
import type { RunMemo, RunOwner } from './memo.js';

/** How the task queues of runs that one process serves alone begin. */
export const PRIVATE_QUEUE = 'mft-run-';
/** Runs that are looked at; more than this many open private ones are not left behind by accident. */
const LOOKED_AT = 1_000;

/**
 * This process, for the memo of a run that it alone serves.
 *
 * @example
 * ```ts
 * await startRun(client, config, {}, { hash, owner: thisProcess() });
 * ```
 */
export function thisProcess(): RunOwner {
  return { host: here(), pid: process.pid };
}

/**
 * End the runs whose only worker was a process of this machine that is gone (`kill -9`, a crash, lost power): nothing would ever
 * carry them on. Runs of living processes, of other machines and of deployments are left alone.
 *
 * @returns their workflow ids
 * @throws what Temporal's client throws where the server does not answer
 * @example
 * ```ts
 * const ended = await endAbandonedRuns(client);
 * ```
 */
export async function endAbandonedRuns(client: Client): Promise<string[]> {
  const query = `WorkflowType = "${METAFLOW_WORKFLOW}" AND ExecutionStatus = "Running" AND TaskQueue STARTS_WITH "${PRIVATE_QUEUE}"`;
  const ended: string[] = [];
  let looked = 0;
  for await (const { workflowId, runId, memo } of client.workflow.list({ query })) {
    if (++looked > LOOKED_AT) break;
    const { owner } = (memo ?? {}) as Partial<RunMemo>;
    if (owner === undefined || owner.host !== here() || isAlive(owner.pid)) continue;
    const reason = `The mft process that served this run alone (process ${owner.pid}) is gone`;
    await client.workflow.getHandle(workflowId, runId).terminate(reason);
    ended.push(workflowId);
  }
  return ended;
}

/** Process ids mean something within a host and, on Linux, one of its containers. */
function here(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
