import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileFlow, configHash } from '@mft/compiler';
import { FAILURE, type FlowConfig, type InputRun } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptInput, ScriptOutcome } from './fixtures/workflows.js';
import { FLOWS, freshMetaflow } from './support/metaflow.js';
import { launchersOf, processesWith, running, until } from './support/processes.js';
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
  config = await compileFlow(join(FLOWS, 'sleeper.py'), { python: metaflow.python, env: metaflow.env });
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
  // The last worker was killed a moment ago: its launcher has as long to end as those that the tests kill.
  await until(() => processesWith(metaflow.folder).length === 0, 'the end of every process', 5000).finally(() => {
    metaflow.remove();
  });
});

/** A run of one step of SleeperFlow with a worker of its own, and a folder of its own to write to. */
async function begin(step: string, graceMs = 500) {
  const queue = `sleeper-${++number}`;
  const scratch = join(metaflow.folder, queue);
  const env = { ...metaflow.env, MFT_TEST_FOLDER: metaflow.folder, MFT_TEST_NAME: queue };
  const settings = {
    address: server.address,
    queue,
    codePath,
    graceMs,
    config,
    hash: configHash(config),
    python: metaflow.python,
    cacheDirectory: join(metaflow.folder, 'cache'),
    heartbeat: 0.3,
    grace: 0.5,
  };
  const serve = (): WorkerProcess => {
    const worker = startWorkerProcess(settings, env);
    workers.push(worker);
    return worker;
  };
  const worker = serve();
  const inputs: InputRun[] = [{ step: '_parameters', index: [], visit: 0 }];
  // More than a busy machine stalls for: a worker that lives is never taken for lost.
  const input: ScriptInput = { heartbeatTimeout: 6000, stages: [[{ step, inputs }]] };
  const handle = await server.client.workflow.start<(input: ScriptInput) => Promise<ScriptOutcome>>('script', {
    taskQueue: queue,
    workflowId: `Death-${number}`,
    args: [input],
  });
  const read = (name: string): string[] => {
    try {
      return readFileSync(`${scratch}.${step}.${name}`, 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  };
  const attempts = (): { attempt: number; pid: number }[] =>
    read('attempts').map((line) => ({ attempt: Number(line.split(' ')[0]), pid: Number(line.split(' ')[1]) }));
  const writers = (): number[] => [...new Set(read('writes').map(Number))].filter((pid) => pid > 0);
  try {
    await until(() => writers().length > 0, `the first attempt of ${step}`);
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${worker.output()}`, { cause: error });
  }
  return { worker, serve, handle, attempts, writers, read, env: `MFT_TEST_NAME=${queue}` };
}

describe('kill -9', () => {
  it('of a worker leaves nothing that still writes, and its task goes on elsewhere', async () => {
    const { worker, serve, handle, attempts, writers, read, env } = await begin('start');
    const task = attempts()[0]!.pid;
    const all = processesWith(env);
    // The worker, its launcher, the guardian, the planner, the task and its grandchild.
    expect(all).toEqual(expect.arrayContaining([worker.pid, task, ...writers()]));
    expect(all.length).toBeGreaterThanOrEqual(5);
    worker.kill('SIGKILL');
    await worker.exited;
    await until(() => processesWith(env).length === 0, 'the end of everything that the worker started', 5000);
    const size = read('writes').length;
    await sleep(300);
    expect(read('writes')).toHaveLength(size);

    serve();
    const outcome = await handle.result();
    expect(outcome.failure).toBeUndefined();
    expect(attempts().map(({ attempt }) => attempt)).toEqual([0, 1]);
    expect(outcome.results).toMatchObject([{ attempt: 1 }]);
    expect(await metaflow.ask(`answer = Task("${outcome.results[0]!.pathspec}").data.attempt`)).toBe(1);
  });

  it('of a launcher loses its tasks, which are run again', async () => {
    const { worker, handle, attempts, writers, env } = await begin('start');
    const [launcher] = launchersOf(worker.pid);
    const first = [attempts()[0]!.pid, ...writers()];
    process.kill(launcher!, 'SIGKILL');
    await until(() => first.every((pid) => !running(pid)), 'the end of the task', 5000);
    const outcome = await handle.result();
    expect(outcome.failure).toBeUndefined();
    expect(outcome.results).toMatchObject([{ attempt: 1 }]);
    expect(processesWith(env)).not.toContain(launcher);

    // One that dies while nobody needs it is replaced before anybody does.
    const idle = launchersOf(worker.pid);
    expect(idle).toHaveLength(1);
    process.kill(idle[0]!, 'SIGKILL');
    await until(() => launchersOf(worker.pid).some((pid) => pid !== idle[0]), 'another launcher', 10_000);
  });

  it('of both at once leaves nothing either', async () => {
    const { worker, writers, attempts, env } = await begin('start');
    const [launcher] = launchersOf(worker.pid);
    expect([attempts()[0]!.pid, ...writers()].every(running)).toBe(true);
    worker.kill('SIGKILL');
    process.kill(launcher!, 'SIGKILL');
    await until(() => processesWith(env).length === 0, 'the end of everything that the worker started', 5000);
  });

  it('of a launcher is final under @retry(times=0)', async () => {
    const { worker, handle, attempts } = await begin('once');
    process.kill(launchersOf(worker.pid)[0]!, 'SIGKILL');
    const { failure } = await handle.result();
    expect(failure).toMatchObject({
      kind: 'failed',
      type: FAILURE.lost,
      message: 'The task was lost: The Python launcher was killed by SIGKILL.',
    });
    expect(attempts()).toHaveLength(1);
  });

  it('of a task is the failure of the task', async () => {
    const { handle, attempts } = await begin('start');
    process.kill(attempts()[0]!.pid, 'SIGKILL');
    const { failure } = await handle.result();
    expect(failure).toMatchObject({ kind: 'failed', type: FAILURE.step, details: [{ attempt: 0, signal: 'SIGKILL' }] });
  });

  it('of a launcher between two failures grants no more than what was lost', async () => {
    const { worker, handle, attempts } = await begin('mixed');
    expect(attempts().map(({ attempt }) => attempt)).toEqual([1]);
    process.kill(launchersOf(worker.pid)[0]!, 'SIGKILL');
    const outcome = await handle.result();
    // Attempt 0 failed, 1 was lost, 2 is the user's second and last: its exception is for @catch.
    expect(outcome.failure).toBeUndefined();
    expect(outcome.results).toMatchObject([{ attempt: 2 }]);
    expect(
      await metaflow.ask(`answer = str(Task("${outcome.results[0]!.pathspec}").data.problem.exception)`),
    ).toContain('by itself');
  });

  it('again and again is granted two extra attempts', async () => {
    const { worker, handle, attempts } = await begin('stubborn');
    for (let attempt = 0; attempt < 3; attempt++) {
      await until(() => attempts().length > attempt, `attempt ${attempt}`);
      process.kill(launchersOf(worker.pid)[0]!, 'SIGKILL');
    }
    const { failure } = await handle.result();
    expect(failure).toMatchObject({ type: FAILURE.lost });
    expect(attempts().map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
  });
});

describe('SIGTERM to a worker', () => {
  it('ends it within its grace, and its task goes on elsewhere', async () => {
    const { worker, serve, handle, attempts, env } = await begin('start');
    const begun = performance.now();
    worker.kill('SIGTERM');
    expect(await worker.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(10_000);
    await until(() => processesWith(env).length === 0, 'the end of everything that the worker started', 5000);
    serve();
    const outcome = await handle.result();
    expect(outcome.failure).toBeUndefined();
    expect(attempts().map(({ attempt }) => attempt)).toEqual([0, 1]);
  });
});
