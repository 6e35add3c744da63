import { METAFLOW_WORKFLOW } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  cancelRun,
  connect,
  connectWorker,
  createMetaflowWorker,
  describeOutcome,
  describeRun,
  listRuns,
  readLogs,
  recordDeployment,
  startRun,
  terminateRun,
  type Connected,
  type WorkerConnected,
} from '../src/index.js';
import { deploy, python, type Deployed } from './support/deployment.js';
import { startServer } from './support/server.js';

let server: TestWorkflowEnvironment;
let deployed: Deployed;
let client: Connected;
let native: WorkerConnected;

beforeAll(async () => {
  server = await startServer();
  [deployed, client, native] = await Promise.all([
    deploy(server.address),
    connect({ address: server.address }),
    connectWorker({ address: server.address }),
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all([client.connection.close(), native.connection.close()]);
  await server.teardown();
  await deployed.remove();
});

async function withWorker<T>(work: () => Promise<T>): Promise<T> {
  const { config, hash } = deployed;
  const worker = await createMetaflowWorker({
    ...{ config, hash, connection: native.connection, namespace: native.namespace },
    ...{ python, env: deployed.env, cacheDirectory: deployed.folder, grace: 5, retryWait: 0 },
  });
  return worker.runUntil(work);
}

/** As any Temporal client starts a run: without a memo, with limits that make a small run a long one. */
async function startBare(workflowId: string, params: object, limits: object): Promise<string> {
  await client.client.workflow.start(METAFLOW_WORKFLOW, {
    ...{ workflowId, taskQueue: deployed.config.taskQueue },
    args: [{ hash: deployed.hash, params: { greeting: 'you', ...params }, limits }],
  });
  return workflowId;
}

const statusOf = async (workflowId: string): Promise<string> =>
  (await client.client.workflow.getHandle(workflowId).describe()).status.name;

test('a run that continues as new is one run: running until its end, begun with its first execution', async () => {
  await withWorker(async () => {
    const before = Date.now();
    const id = await startBare('often', { pause: 0.5 }, { softEvents: 6, hardEvents: 8 });
    const first = (await client.client.workflow.getHandle(id).describe()).runId;
    await expect
      .poll(async () => (await client.client.workflow.getHandle(id).describe()).runId, { timeout: 30_000 })
      .not.toBe(first);
    const under = await describeRun(client.client, id);
    const began = (await client.client.workflow.getHandle(id, first).describe()).startTime;
    expect(under).toMatchObject({ status: 'running', polled: true, startedAt: began.toISOString() });
    expect(began.getTime()).toBeGreaterThan(before - 5_000);
    await client.client.workflow.getHandle(id).result();
    expect(await describeRun(client.client, id)).toMatchObject({
      ...{ status: 'completed', pathspec: 'MyFlow/temporal-often', deployment: 'MyFlow', flow: 'MyFlow' },
      steps: { work: { done: 3 } },
    });
    const listed = async () => (await listRuns(client.client)).filter(({ workflowId }) => workflowId === id);
    await expect.poll(listed, { timeout: 10_000 }).toMatchObject([{ status: 'completed' }]);
  });
});

test('terminate takes the children of a run along; they are no runs of their own', async () => {
  await withWorker(async () => {
    const id = await startBare('wide', { pause: 60 }, { childThreshold: 1, childSize: 1, childrenAtOnce: 2 });
    const children = async () => {
      const found = [];
      for await (const { workflowId } of client.client.workflow.list({ query: `WorkflowId STARTS_WITH "${id}."` }))
        found.push(workflowId);
      return found;
    };
    await expect.poll(async () => (await children()).length, { timeout: 30_000 }).toBeGreaterThan(1);
    expect(await terminateRun(client.client, 'MyFlow/temporal-wide', 'why')).toMatchObject({ status: 'terminated' });
    const statuses = async () => Promise.all((await children()).map(statusOf));
    await expect.poll(async () => [...new Set(await statuses())], { timeout: 10_000 }).toEqual(['TERMINATED']);
    const ids = (await listRuns(client.client)).map(({ workflowId }) => workflowId);
    expect(ids).toContain('wide');
    expect(ids.filter((each) => each.startsWith('wide.'))).toEqual([]);
    for (const child of await children()) {
      await expect(cancelRun(client.client, child)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    }
  });
});

test('logs of a run that has no memo are found through the record of its deployment', async () => {
  const lines: string[] = [];
  const read = () =>
    readLogs(client.client, 'temporal-bare', { python, env: deployed.env }, () => ({ step, line }) => {
      lines.push(`${step}: ${line}`);
    });
  await withWorker(async () => {
    await startBare('bare', {}, {});
    await client.client.workflow.getHandle('bare').result();
  });
  await expect(read()).rejects.toMatchObject({ code: 'LOGS_UNREADABLE', hint: expect.stringContaining('MyFlow') });
  await recordDeployment(client.client, deployed.config, { hash: deployed.hash, createdAt: new Date().toISOString() });
  await read();
  expect(lines).toEqual(['start: hello you', 'end: total 14']);
});

test('runs: the newest first, no more than asked for, by deployment and by flow', async () => {
  const night = { ...deployed.config, name: 'night', taskQueue: 'nobody' };
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const run = await startRun(client.client, night, { params: { greeting: 'x' } }, { hash: deployed.hash });
    ids.unshift(run.workflowId);
  }
  const listed = async (filter: Parameters<typeof listRuns>[1]) =>
    (await listRuns(client.client, filter)).map(({ workflowId }) => workflowId);
  await expect.poll(() => listed({ deployment: 'night' }), { timeout: 10_000 }).toEqual(ids);
  expect(await listed({ deployment: 'night', limit: 2 })).toEqual(ids.slice(0, 2));
  expect(await listed({ flow: 'MyFlow', status: 'running' })).toEqual(ids);
  expect(await listed({ deployment: 'MyFlow', status: 'running' })).toEqual([]);
  expect(await listed({ flow: 'night' })).toEqual([]);
  const [last = ''] = ids;
  await cancelRun(client.client, last);
  expect(await describeRun(client.client, last)).toMatchObject({
    status: 'running',
    polled: false,
    deployment: 'night',
  });
  for (const id of ids) await terminateRun(client.client, id);
  expect((await describeOutcome(client.client, { workflowId: last, flow: 'MyFlow' })).status).toBe('terminated');
});
