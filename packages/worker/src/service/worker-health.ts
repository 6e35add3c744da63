import type { NativeConnection, Worker } from '@temporalio/worker';
import type { DeploymentHealth, HealthReport, WorkerState } from './health.js';

/** Milliseconds that the server gets to answer; a probe waits for it. */
const PATIENCE = 700;

const STATES: Readonly<Record<ReturnType<Worker['getState']>, WorkerState>> = {
  INITIALIZED: 'starting',
  RUNNING: 'running',
  STOPPING: 'draining',
  DRAINING: 'draining',
  DRAINED: 'draining',
  STOPPED: 'stopped',
  FAILED: 'failed',
};

/**
 * How one Temporal Worker and what it serves are.
 *
 * @param deployments - what its task queue serves
 * @example
 * ```ts
 * await healthOfWorker(worker, connection, [{ name: config.name, hash }]); // { state: 'running', connected: true, … }
 * ```
 */
export async function healthOfWorker(
  worker: Worker,
  connection: NativeConnection,
  deployments: readonly Pick<DeploymentHealth, 'name' | 'hash'>[],
): Promise<HealthReport> {
  const { runState, workflowPollerState, activityPollerState, numInFlightNonLocalActivities } = worker.getStatus();
  const polling = runState === 'RUNNING' && workflowPollerState === 'POLLING' && activityPollerState === 'POLLING';
  const { taskQueue } = worker.options;
  return {
    state: STATES[runState],
    connected: await isConnected(connection),
    deployments: deployments.map(({ name, hash }) => ({ name, hash, taskQueue, polling })),
    tasks: numInFlightNonLocalActivities,
  };
}

/**
 * Whether the Temporal server answers now.
 *
 * @example
 * ```ts
 * if (!(await isConnected(connection))) console.warn('The server is away.');
 * ```
 */
export async function isConnected(connection: NativeConnection): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + PATIENCE, () => connection.workflowService.getSystemInfo({}));
    return true;
  } catch {
    return false;
  }
}
