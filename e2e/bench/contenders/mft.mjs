import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { isolated } from '../../lib/process.mjs';
import { createWorkerFile, startWorker } from '../../lib/worker.mjs';

/**
 * The worker file of a flow, polling, one run behind it: what a run costs is measured, not how a worker starts.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../lib/context.mjs').BenchFlow} flow
 * @param {{ args?: string[], python?: string, warm?: Record<string, unknown> }} [options] `args` for the worker file
 */
export async function openMft({ directory, server, client }, flow, { args = [], python, warm = {} } = {}) {
  const folder = path.join(directory, `mft-${flow.name}-${randomUUID().slice(0, 8)}`);
  mkdirSync(folder, { recursive: true });
  const env = isolated(folder, { TEMPORAL_ADDRESS: server.address, ...(python ? { METAFLOW_PYTHON: python } : {}) });
  const file = path.join(folder, 'worker.mjs');
  const taskQueue = `bench-${randomUUID()}`;
  await createWorkerFile(flow.file, file, { cwd: folder, env, options: ['--task-queue', taskQueue] });
  const worker = await startWorker(file, { cwd: folder, env, client, taskQueue, args });

  /** @param {Record<string, unknown>} params */
  const execute = async (params) => {
    const workflowId = `${flow.name}-${randomUUID()}`;
    const from = performance.now();
    await client.workflow.execute('MetaflowWorkflow', { taskQueue, workflowId, args: [{ params }] });
    return { seconds: (performance.now() - from) / 1000, workflowId };
  };
  await execute(warm);
  return { execute, worker, folder, stop: () => worker.stop() };
}
