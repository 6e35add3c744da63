import { MftError, SUSPEND_SIGNAL, TERMINATE_SIGNAL, UNSUSPEND_SIGNAL, type TerminateRequest } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { findRun } from './find.js';
import { isPolled } from './pollers.js';
import { summaryOf, type RunSummary } from './summary.js';

/** A run that something was asked of, and whether a worker is there to do it. */
export interface AskedRun extends RunSummary {
  readonly taskQueue: string;
  /** Whether a worker polls the run's task queue; absent where the server does not say. */
  readonly polled?: boolean;
}

/**
 * Ask a run to cancel: its tasks are cancelled and waited for, what is to be undone is undone, then it ends as cancelled. A worker
 * has to do so.
 *
 * @param name - Metaflow's run id, a pathspec, or a workflow id
 * @throws MftError `RUN_NOT_FOUND`, `RUN_ENDED` (exit status 1)
 * @example
 * ```ts
 * const run = await cancelRun(client, 'temporal-HelloFlow-x7k2m0ab');
 * const outcome = await describeOutcome(client, run);
 * ```
 */
export async function cancelRun(client: Client, name: string): Promise<AskedRun> {
  return ask(client, name, 'cancelled', (workflowId) => client.workflow.getHandle(workflowId).cancel());
}

/**
 * End a run at once, without a worker: nothing is undone, and its children end with it. Tasks that run are killed once their worker
 * hears of it, within seconds.
 *
 * @param reason - shown in the run's history
 * @throws MftError `RUN_NOT_FOUND`, `RUN_ENDED`
 * @example
 * ```ts
 * await terminateRun(client, 'HelloFlow/temporal-HelloFlow-x7k2m0ab', 'wrong input');
 * ```
 */
export async function terminateRun(client: Client, name: string, reason?: string): Promise<AskedRun> {
  const run = await ask(client, name, 'terminated', (id) => client.workflow.getHandle(id).terminate(reason));
  return { ...run, status: 'terminated' };
}

/**
 * Ask a run to end as terminated, but to undo first what can be undone: its tasks are cancelled, their handlers run. A worker has to do
 * so.
 *
 * @param reason - part of the run's error
 * @throws MftError `RUN_NOT_FOUND`, `RUN_ENDED`
 * @example
 * ```ts
 * await terminateCompensated(client, 'HelloFlow-x7k2m0ab', 'wrong input');
 * ```
 */
export async function terminateCompensated(client: Client, name: string, reason?: string): Promise<AskedRun> {
  const request: TerminateRequest = reason === undefined ? {} : { reason };
  return ask(client, name, 'terminated', (id) => client.workflow.getHandle(id).signal(TERMINATE_SIGNAL, request));
}

/**
 * Start no new task of a run until it is unsuspended; those that run go on. A worker has to do so.
 *
 * @throws MftError `RUN_NOT_FOUND`, `RUN_ENDED`
 * @example
 * ```ts
 * await suspendRun(client, 'HelloFlow-x7k2m0ab');
 * ```
 */
export async function suspendRun(client: Client, name: string): Promise<AskedRun> {
  return ask(client, name, 'suspended', (id) => client.workflow.getHandle(id).signal(SUSPEND_SIGNAL));
}

/**
 * Let a suspended run go on.
 *
 * @throws MftError `RUN_NOT_FOUND`, `RUN_ENDED`
 * @example
 * ```ts
 * await unsuspendRun(client, 'HelloFlow-x7k2m0ab');
 * ```
 */
export async function unsuspendRun(client: Client, name: string): Promise<AskedRun> {
  return ask(client, name, 'unsuspended', (id) => client.workflow.getHandle(id).signal(UNSUSPEND_SIGNAL));
}

async function ask(
  client: Client,
  name: string,
  what: string,
  act: (workflowId: string) => Promise<unknown>,
): Promise<AskedRun> {
  const found = await findRun(client, name);
  const run = summaryOf(found);
  if (run.status !== 'running') throw ended(run, what);
  try {
    await act(run.workflowId);
  } catch (error) {
    // It ended between the two calls.
    if (error instanceof Error && error.name === 'WorkflowNotFoundError')
      throw ended(summaryOf(await findRun(client, name)), what);
    throw error;
  }
  const polled = await isPolled(client, found.taskQueue);
  return { ...run, taskQueue: found.taskQueue, ...(polled === undefined ? {} : { polled }) };
}

function ended({ pathspec, status }: RunSummary, what: string): MftError {
  return new MftError(
    'RUN_ENDED',
    `The run ${pathspec} cannot be ${what}: it has ended (${status.replace('_', ' ')}).`,
    {
      hint: `See how with: mft status ${pathspec}`,
      exitCode: 1,
    },
  );
}
