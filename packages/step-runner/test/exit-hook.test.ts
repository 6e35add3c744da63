import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFlow, configHash } from '@mft/compiler';
import { FAILURE, type FlowConfig } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { hooks } from './fixtures/workflows.js';
import { FLOWS, freshMetaflow } from './support/metaflow.js';
import { processesWith, tasksWith, until } from './support/processes.js';
import { bundleWorkflows, startServer } from './support/server.js';
import { startWorkerProcess, type WorkerProcess } from './support/worker.js';

const metaflow = freshMetaflow();
const codePath = join(metaflow.folder, 'workflows.js');
const workers: WorkerProcess[] = [];
let server: TestWorkflowEnvironment;
let config: FlowConfig;
let number = 0;

beforeAll(async () => {
  server = await startServer();
  config = await compileFlow(join(FLOWS, 'hooked.py'), { python: metaflow.python, env: metaflow.env });
  writeFileSync(codePath, await bundleWorkflows());
});
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill('SIGKILL');
    await worker.exited;
  }
});
afterAll(async () => {
  await server.teardown();
  await until(() => processesWith(metaflow.folder).length === 0, 'the end of every process', 5000).finally(() => {
    metaflow.remove();
  });
});

/** Have hooks called by a worker in a process of its own. */
const call = (...names: string[]) => callWithin(undefined, ...names);

/** @param timeout - seconds, as the deployment gives them */
async function callWithin(timeout: number | undefined, ...names: string[]) {
  const queue = `hooked-${++number}`;
  const env = { ...metaflow.env, MFT_TEST_FOLDER: metaflow.folder, MFT_TEST_NAME: queue };
  const exitHooks = { ...config.exitHooks!, ...(timeout === undefined ? {} : { timeout }) };
  const timed = { ...config, exitHooks };
  const hash = configHash(timed);
  const settings = {
    ...{ address: server.address, queue, codePath, graceMs: 500, config: timed, hash, python: metaflow.python },
    ...{ cacheDirectory: join(metaflow.folder, 'cache'), heartbeat: 0.3, grace: 0.5 },
  };
  const serve = (): WorkerProcess => {
    const worker = startWorkerProcess(settings, env);
    workers.push(worker);
    return worker;
  };
  const worker = serve();
  const handle = await server.client.workflow.start<typeof hooks>('hooks', {
    ...{ taskQueue: queue, workflowId: `Hooked-${number}` },
    args: [{ hooks: names, hash }],
  });
  const noted = (): string[] => {
    try {
      return readFileSync(join(metaflow.folder, queue), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  };
  const started = (hook: string) =>
    until(() => noted().some((line) => line.startsWith(hook)), hook).catch((error: Error) => {
      throw new Error(`${error.message}\n${worker.output()}`);
    });
  return { worker, serve, handle, noted, started, env: `MFT_TEST_NAME=${queue}` };
}

describe('an exit hook', () => {
  it('that ends well or badly is told in full, once each, by a run that nobody registered too', async () => {
    expect(config.exitHooks).toEqual({ success: ['good'], error: ['bad', 'long'] });
    const { handle, noted, worker } = await call('good', 'bad', 'unknown');
    const [good, bad, unknown] = (await handle.result()) as Record<string, unknown>[];
    expect(good!['output']).toMatch(/all is well$/);
    expect(bad).toMatchObject({
      type: FAILURE.hook,
      message: 'The exit hook exited with status 1: ValueError: the pager is down',
      stack: expect.stringMatching(/in bad\n[^]*ValueError: the pager is down/),
      details: [{ output: expect.stringContaining('so far so good') }],
    });
    expect(unknown).toMatchObject({
      type: FAILURE.hook,
      message: expect.stringContaining("Could not load function 'unknown'"),
    });
    expect(noted().map((line) => line.replace(/ \d+$/, ''))).toEqual(['good None', 'bad']);
    expect(worker.output()).toContain('[exit hook good] all is well');
    expect(worker.output()).toContain('[exit hook bad] ValueError: the pager is down');
  });

  it('that takes longer than the deployment gives it is ended, with what it started', async () => {
    const { handle, noted, started, env } = await callWithin(5, 'long');
    await started('long');
    await until(() => tasksWith(env).length === 2, 'the hook and its child');
    const [long] = (await handle.result()) as Record<string, unknown>[];
    expect(long).toMatchObject({
      type: FAILURE.hook,
      message: expect.stringContaining('took longer than 5 seconds'),
    });
    expect(noted()).toHaveLength(1);
    await until(() => tasksWith(env).length === 0, 'the end of the hook and its child', 5000);
  });

  it('whose worker is killed is not called again, and leaves no process', async () => {
    const { worker, serve, handle, noted, started, env } = await call('long', 'good');
    await started('long');
    await until(() => tasksWith(env).length === 2, 'the hook and its child');
    worker.kill('SIGKILL');
    await worker.exited;
    await until(() => processesWith(env).length === 0, 'the end of everything that the worker started', 5000);
    serve();
    const [long, good] = (await handle.result()) as Record<string, unknown>[];
    expect(long).toMatchObject({ type: FAILURE.hook, message: expect.stringContaining('not called twice') });
    expect(good!['output']).toMatch(/all is well$/);
    expect(noted().filter((line) => line.startsWith('long'))).toHaveLength(1);
  });

  it('whose worker is stopped in good order is cut off, and not called again', async () => {
    const { worker, serve, handle, noted, started } = await call('long');
    await started('long');
    worker.kill('SIGTERM');
    await worker.exited;
    serve();
    const [long] = (await handle.result()) as Record<string, unknown>[];
    expect(long).toMatchObject({ type: FAILURE.hook, message: expect.stringContaining('cut off') });
    expect(noted()).toHaveLength(1);
  });
});
