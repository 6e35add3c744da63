import type { MetaflowActivities, Progress } from '@mft/graph';
import type { TaskLogLine } from '@mft/step-runner';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { endingWith } from '../src/connection/ending.js';
import {
  connect,
  type MetaflowWorkerOptions,
  defaultMaxWorkers,
  fetchProgress,
  startRun,
  watchRun,
} from '../src/index.js';
import { usePlace } from './support/place.js';

const place = usePlace();

/** A worker of the deployment in this process, on a task queue of its own. */
async function workerOn(taskQueue: string, extra: Partial<MetaflowWorkerOptions> = {}) {
  const config = { ...place.deployed.config, taskQueue };
  const worker = await place.worker({ config, ...extra });
  return { config, worker };
}

test('a worker, a run and its watcher in one process: log lines and progress come as it goes', async () => {
  const lines: TaskLogLine[] = [];
  const { config, worker } = await workerOn('in-process', { onLog: (line) => lines.push(line) });
  const seen: Progress[] = [];
  const gate = join(place.deployed.folder, 'gate');
  // Its tasks wait until they have been seen at work.
  const onProgress = (progress: Progress) => {
    seen.push(progress);
    if (seen.length > 2 && (progress.steps['work']?.running ?? 0) > 0) writeFileSync(gate, '');
  };
  const outcome = await worker.runUntil(async () => {
    const run = await startRun(
      place.client,
      config,
      { params: { greeting: 'you', gate } },
      { hash: place.deployed.hash },
    );
    return watchRun(place.client, run, onProgress, { interval: 100 });
  });
  expect(outcome).toMatchObject({ status: 'completed', pathspec: `MyFlow/${outcome.runId}` });
  expect(lines.map(({ label, line }) => `${label}: ${line}`)).toEqual(['start: hello you', 'end: total 14']);
  expect(seen.length).toBeGreaterThan(3);
  expect(seen.some(({ steps }) => (steps['work']?.running ?? 0) > 0)).toBe(true);
  expect(seen.at(-1)).toMatchObject({
    phase: 'completed',
    steps: { work: { total: 3, done: 3, running: 0, failed: 0 } },
  });
  expect(worker.worker.getState()).toBe('STOPPED');
});

test('a Python without Metaflow ends the worker with one sentence and a hint', async () => {
  const { worker } = await workerOn('no-python', { python: '/nonexistent/python' });
  await expect(worker.run()).rejects.toMatchObject({
    code: 'LAUNCHER_FAILED',
    message: expect.stringContaining('/nonexistent/python'),
    hint: expect.stringContaining('METAFLOW_PYTHON'),
    exitCode: 1,
  });
  expect(worker.worker.getState()).toBe('STOPPED');
});

test('counts of a wide foreach are whole, though its tasks run in children', async () => {
  const TASKS = 1_100;
  let running = 0;
  let most = 0;
  let ran = 0;
  let children = 0;
  let largest = 0;
  const activities: MetaflowActivities = {
    loadMetaflowPlan: async ({ hash }) => ({
      hash: hash ?? place.deployed.hash,
      plan: place.deployed.config.plan,
      tags: [],
    }),
    startMetaflowRun: async ({ runId }) => ({ pathspec: `MyFlow/${runId}` }),
    runMetaflowTask: async ({ step, runId }) => {
      most = Math.max(most, ++running);
      ran++;
      // The second half waits until the first has been seen; for less than the heartbeats that it does not send may be missed.
      const late = Date.now() + 20_000;
      do await sleep(1);
      while (ran > TASKS / 2 && (children === 0 || largest === 0) && Date.now() < late);
      running--;
      return {
        pathspec: `MyFlow/${runId}/${step}/t`,
        attempt: 0,
        artifacts: [],
        fetch: '',
        transition: step === 'start' ? { splits: TASKS } : {},
      };
    },
    compensateMetaflowTask: async () => undefined,
    finishMetaflowRun: async () => undefined,
    runExitHook: async () => ({ output: '' }),
  };
  const { config, worker } = await workerOn('wide', { maxWorkers: 7, temporal: { activities } });
  const { outcome, last } = await worker.runUntil(async () => {
    const run = await startRun(place.client, config, {}, { hash: place.deployed.hash });
    const outcome = await watchRun(place.client, run, (progress) => {
      children = Math.max(children, progress.children.length);
      if (progress.phase === 'running') largest = Math.max(largest, progress.steps['work']?.done ?? 0);
    });
    return { outcome, last: await fetchProgress(place.client, run.workflowId) };
  });
  expect(outcome.status).toBe('completed');
  expect(children).toBeGreaterThan(0);
  expect(largest).toBeGreaterThan(0);
  expect(last.steps['work']).toMatchObject({ total: TASKS, done: TASKS, running: 0, failed: 0 });
  expect(most).toBeLessThanOrEqual(7);
}, 120_000);

describe('options', () => {
  test.each([0, -1, 1.5])('%d tasks at a time are refused', async (maxWorkers) => {
    await expect(workerOn('refused', { maxWorkers })).rejects.toMatchObject({ code: 'BAD_MAX_WORKERS' });
  });

  test('tasks at a time by memory', () => {
    const GB = 1024 ** 3;
    expect([GB / 4, GB, 2 * GB, 4 * GB, 64 * GB].map(defaultMaxWorkers)).toEqual([2, 3, 6, 13, 16]);
    expect(defaultMaxWorkers()).toBeGreaterThanOrEqual(2);
  });

  test('a run id that is taken is refused by name', async () => {
    const config = { ...place.deployed.config, taskQueue: 'taken' };
    const options = { hash: place.deployed.hash, workflowId: 'MyFlow-taken' };
    await startRun(place.client, config, {}, options);
    await expect(startRun(place.client, config, {}, options)).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    await place.client.workflow.getHandle('MyFlow-taken').terminate('the test is over');
  });

  test('calls for something that is wanted no more are cancelled before its connection is closed', async () => {
    const { client } = place;
    const config = { ...place.deployed.config, taskQueue: 'nobody' };
    const { workflowId } = await startRun(client, config, {}, { hash: place.deployed.hash });
    const handle = client.workflow.getHandle(workflowId);
    const wanted = new AbortController();
    let cancelled: unknown;
    const waiting = endingWith(wanted.signal, client, async () => {
      // A call that the server answers when the run has ended, and not before.
      cancelled = await handle.result().catch((error: unknown) => error);
    });
    await sleep(200);
    expect(cancelled).toBeUndefined();
    wanted.abort();
    await waiting;
    expect(cancelled).toBeInstanceOf(Error);
    expect(await endingWith(wanted.signal, client, () => handle.describe())).toBeUndefined();
    await handle.terminate('the test is over');
    const { signal } = new AbortController();
    await expect(endingWith(signal, client, () => handle.result())).rejects.toThrow('the test is over');
  });

  test('a namespace that is not there is refused with the command that makes it', async () => {
    const other = await connect({ address: place.address, namespace: 'nowhere' });
    try {
      await expect(
        startRun(other.client, place.deployed.config, {}, { hash: place.deployed.hash }),
      ).rejects.toMatchObject({
        code: 'NAMESPACE_NOT_FOUND',
        hint: expect.stringContaining('temporal operator namespace create'),
      });
    } finally {
      await other.connection.close();
    }
  });
});
