import { Client, Connection } from '@temporalio/client';
import { until } from './process.mjs';

/**
 * A plain Temporal client, as anybody's own tools would have one.
 *
 * @param {string} address
 * @returns {Promise<{ client: Client, close: () => Promise<void> }>}
 */
export async function connect(address) {
  const connection = await Connection.connect({ address });
  return {
    client: new Client({ connection, namespace: process.env.TEMPORAL_NAMESPACE ?? 'default' }),
    close: () => connection.close(),
  };
}

/**
 * Identities of the workers that poll a task queue for workflows.
 *
 * @param {Client} client
 * @param {string} taskQueue
 * @returns {Promise<string[]>}
 */
export async function pollers(client, taskQueue) {
  const answer = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: 1,
  });
  return (answer.pollers ?? []).map((poller) => poller.identity ?? '');
}

/**
 * Milliseconds from now until a worker polls the queue.
 *
 * @param {Client} client
 * @param {string} taskQueue
 */
export async function polled(client, taskQueue) {
  const from = performance.now();
  await until(async () => (await pollers(client, taskQueue)).length > 0, {
    every: 25,
    what: `a poller of ${taskQueue}`,
  });
  return performance.now() - from;
}

/**
 * Events in the history of a finished run and of all its parts: ranges run as children, rollovers by continue-as-new.
 *
 * @param {Client} client
 * @param {string} workflowId
 * @returns {Promise<{ workflowId: string, runId: string, events: number }[]>}
 */
export async function historySizes(client, workflowId) {
  const executions = await until(() => finishedParts(client, workflowId), { what: `the server to list ${workflowId}` });
  return Promise.all(
    executions.map(async ({ workflowId: id, runId }) => {
      const { historyLength } = await client.workflow.getHandle(id, runId).describe();
      return { workflowId: id, runId, events: Number(historyLength) };
    }),
  );
}

/**
 * Executions of a run; undefined while the server's list, which lags behind, still shows one of them as running.
 *
 * @param {Client} client
 * @param {string} workflowId
 */
async function finishedParts(client, workflowId) {
  const found = [];
  for await (const execution of client.workflow.list({ query: `WorkflowId STARTS_WITH "${workflowId}"` })) {
    if (execution.status.name === 'RUNNING') return undefined;
    found.push(execution);
  }
  return found.length > 0 ? found : undefined;
}

/**
 * The events of one execution, as the UI shows them.
 *
 * @param {Client} client
 * @param {string} workflowId
 */
export async function historyOf(client, workflowId) {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  return history.events ?? [];
}
