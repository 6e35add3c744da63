import { METAFLOW_WORKFLOW } from '@mft/graph';
import { expect, test } from 'vitest';
import {
  cancelRun,
  describeOutcome,
  describeRun,
  listRuns,
  readLogs,
  recordDeployment,
  startRun,
  terminateRun,
} from '../src/index.js';
import { python } from './support/deployment.js';
import { usePlace } from './support/place.js';

const place = usePlace();

async function withWorker<T>(work: () => Promise<T>): Promise<T> {
  return (await place.worker()).runUntil(work);
}

/** As any Temporal client starts a run: without a memo, with limits that make a small run a long one. */
async function startBare(workflowId: string, params: object, limits: object): Promise<string> {
  await place.client.workflow.start(METAFLOW_WORKFLOW, {
    ...{ workflowId, taskQueue: place.deployed.config.taskQueue },
    args: [{ hash: place.deployed.hash, params: { greeting: 'you', ...params }, limits }],
  });
  return workflowId;
}

const statusOf = async (workflowId: string): Promise<string> =>
  (await place.client.workflow.getHandle(workflowId).describe()).status.name;

test('a run that continues as new is one run: running until its end, begun with its first execution', async () => {
  await withWorker(async () => {
    const before = Date.now();
    const id = await startBare('often', { pause: 0.5 }, { softEvents: 6, hardEvents: 8 });
    const first = (await place.client.workflow.getHandle(id).describe()).runId;
    await expect
      .poll(async () => (await place.client.workflow.getHandle(id).describe()).runId, { timeout: 30_000 })
      .not.toBe(first);
    const under = await describeRun(place.client, id);
    const began = (await place.client.workflow.getHandle(id, first).describe()).startTime;
    expect(under).toMatchObject({ status: 'running', polled: true, startedAt: began.toISOString() });
    expect(began.getTime()).toBeGreaterThan(before - 5_000);
    await place.client.workflow.getHandle(id).result();
    expect(await describeRun(place.client, id)).toMatchObject({
      ...{ status: 'completed', pathspec: 'MyFlow/temporal-often', deployment: 'MyFlow', flow: 'MyFlow' },
      steps: { work: { done: 3 } },
    });
    const listed = async () => (await listRuns(place.client)).filter(({ workflowId }) => workflowId === id);
    await expect.poll(listed, { timeout: 10_000 }).toMatchObject([{ status: 'completed' }]);
  });
});

test('terminate takes the children of a run along; they are no runs of their own', async () => {
  await withWorker(async () => {
    const id = await startBare('wide', { pause: 60 }, { childThreshold: 1, childSize: 1, childrenAtOnce: 2 });
    const children = async () => {
      const found = [];
      for await (const { workflowId } of place.client.workflow.list({ query: `WorkflowId STARTS_WITH "${id}."` }))
        found.push(workflowId);
      return found;
    };
    await expect.poll(async () => (await children()).length, { timeout: 30_000 }).toBeGreaterThan(1);
    expect(await terminateRun(place.client, 'MyFlow/temporal-wide', 'why')).toMatchObject({ status: 'terminated' });
    const statuses = async () => Promise.all((await children()).map(statusOf));
    await expect.poll(async () => [...new Set(await statuses())], { timeout: 10_000 }).toEqual(['TERMINATED']);
    const ids = (await listRuns(place.client)).map(({ workflowId }) => workflowId);
    expect(ids).toContain('wide');
    expect(ids.filter((each) => each.startsWith('wide.'))).toEqual([]);
    for (const child of await children()) {
      await expect(cancelRun(place.client, child)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    }
  });
});

test('logs of a run that has no memo are found through the record of its deployment', async () => {
  const lines: string[] = [];
  const read = () =>
    readLogs(place.client, 'temporal-bare', { python, env: place.deployed.env }, () => ({ step, line }) => {
      lines.push(`${step}: ${line}`);
    });
  await withWorker(async () => {
    await startBare('bare', {}, {});
    await place.client.workflow.getHandle('bare').result();
  });
  await expect(read()).rejects.toMatchObject({ code: 'LOGS_UNREADABLE', hint: expect.stringContaining('MyFlow') });
  await recordDeployment(place.client, place.deployed.config, {
    hash: place.deployed.hash,
    createdAt: new Date().toISOString(),
  });
  await read();
  expect(lines).toEqual(['start: hello you', 'end: total 14']);
});

test('runs: the newest first, no more than asked for, by deployment and by flow', async () => {
  const night = { ...place.deployed.config, name: 'night', taskQueue: 'nobody' };
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const run = await startRun(place.client, night, { params: { greeting: 'x' } }, { hash: place.deployed.hash });
    ids.unshift(run.workflowId);
  }
  const listed = async (filter: Parameters<typeof listRuns>[1]) =>
    (await listRuns(place.client, filter)).map(({ workflowId }) => workflowId);
  await expect.poll(() => listed({ deployment: 'night' }), { timeout: 10_000 }).toEqual(ids);
  expect(await listed({ deployment: 'night', limit: 2 })).toEqual(ids.slice(0, 2));
  expect(await listed({ flow: 'MyFlow', status: 'running' })).toEqual(ids);
  expect(await listed({ deployment: 'MyFlow', status: 'running' })).toEqual([]);
  expect(await listed({ flow: 'night' })).toEqual([]);
  const [last = ''] = ids;
  await cancelRun(place.client, last);
  expect(await describeRun(place.client, last)).toMatchObject({
    status: 'running',
    polled: false,
    deployment: 'night',
  });
  for (const id of ids) await terminateRun(place.client, id);
  expect((await describeOutcome(place.client, { workflowId: last, flow: 'MyFlow' })).status).toBe('terminated');
});
