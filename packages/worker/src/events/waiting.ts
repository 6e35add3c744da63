import { METAFLOW_WORKFLOW } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { WAITING_PREFIX } from '../deployment/names.js';

/*
 * Which deployments wait for events, so that whoever publishes need not read them all: reading a record costs the server some
 * milliseconds, a list of names next to nothing.
 *
 * N1. A mark is a paused schedule beside the record, and says no more than its name does. The record says what is waited for.
 * N2. It is there before the record says that something is waited for, and goes after. One too many costs a look, one too few an event.
 */

/**
 * Mark a deployment as one that waits for events.
 *
 * @returns whether it was not marked before
 * @example
 * ```ts
 * await markWaiting(client, 'ReportFlow', 'metaflow-ReportFlow');
 * ```
 */
export async function markWaiting(client: Client, deployment: string, taskQueue: string): Promise<boolean> {
  try {
    await client.schedule.create({
      scheduleId: `${WAITING_PREFIX}${deployment}`,
      spec: {},
      state: { paused: true, note: `${deployment} waits for events: a mark of mft's, which runs nothing` },
      memo: { mft: 1, deployment },
      action: { type: 'startWorkflow', workflowType: METAFLOW_WORKFLOW, workflowId: deployment, taskQueue, args: [] },
    });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ScheduleAlreadyRunning') return false;
    throw error;
  }
}

/**
 * Take the mark off, if there is one.
 *
 * @example
 * ```ts
 * await unmarkWaiting(client, 'ReportFlow');
 * ```
 */
export async function unmarkWaiting(client: Client, deployment: string): Promise<void> {
  try {
    await client.schedule.getHandle(`${WAITING_PREFIX}${deployment}`).delete();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ScheduleNotFoundError') throw error;
  }
}
