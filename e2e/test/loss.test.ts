import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, until } from '../lib/process.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

const bench = useBench();
const flow = path.join(ROOT, 'e2e/fixtures/slow.py');
const file = path.join(bench.directory, 'slow_worker.mjs');
const at = { cwd: bench.directory, env: bench.env };
const worker = async () =>
  bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-SlowFlow' }));

beforeAll(() => createWorkerFile(flow, file, at).then(() => undefined));

/** Start a run and wait until both of its slow tasks are at it. */
async function startSlowRun(name: string): Promise<{ folder: string; workflowId: string; pathspec: string }> {
  const folder = path.join(bench.directory, name);
  mkdirSync(folder);
  const result = await bench.node(file, 'trigger', '--no-wait', '--json', `folder=${folder}`);
  expect(result.status, result.stderr).toBe(0);
  await until(() => [0, 1].every((i) => existsSync(path.join(folder, `slow-${i}.beat`))), {
    timeout: 60_000,
    what: 'both slow tasks',
  });
  return { folder, ...lastJson(result.stdout)! };
}

/** Processes that have this text in their command line or environment, ours excepted. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return (
          readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text) ||
          readFileSync(`/proc/${name}/environ`, 'utf8').includes(text)
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

const lives = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const pidsIn = (folder: string) =>
  [0, 1].map((i) => Number(readFileSync(path.join(folder, `slow-${i}`), 'utf8').split('\n')[0]));
const beatOf = (folder: string) => readFileSync(path.join(folder, 'slow-0.beat'), 'utf8');

describe.runIf(process.platform === 'linux')('a worker that is killed', () => {
  it('leaves no orphan, and another worker finishes the run', async () => {
    const first = await worker();
    const run = await startSlowRun('killed');
    const pids = pidsIn(run.folder);
    expect(pids.every(lives)).toBe(true);
    first.kill();
    await until(() => !pids.some(lives), { timeout: 15_000, what: 'the tasks of the killed worker to end' });
    const beat = beatOf(run.folder);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(beatOf(run.folder)).toBe(beat);
    await until(() => processesWith(`METAFLOW_DATASTORE_SYSROOT_LOCAL=${bench.directory}`).length === 0, {
      timeout: 15_000,
      what: 'all its processes to end',
    });

    const second = await worker();
    const result = (await bench.client.workflow.getHandle(run.workflowId).result()) as { tasks: number };
    expect(result.tasks).toBe(5);
    const seen = await ask(
      bench,
      run.pathspec,
      '[run.successful, run["end"].task.data.attempts, run["end"].task.data.before, len(list(run["slow"]))]',
    );
    expect(seen).toEqual([true, [1, 1], 'kept', 2]);
    expect(await second.stop()).toBe(0);
  });

  it('has its tasks killed too when the run is cancelled', async () => {
    const one = await worker();
    const run = await startSlowRun('cancelled');
    const pids = pidsIn(run.folder);
    const from = performance.now();
    await bench.client.workflow.getHandle(run.workflowId).cancel();
    await until(() => !pids.some(lives), { timeout: 30_000, what: 'cancelled tasks to end' });
    await expect(bench.client.workflow.getHandle(run.workflowId).result()).rejects.toMatchObject({
      cause: { name: 'CancelledFailure' },
    });
    expect(performance.now() - from).toBeLessThan(30_000);
    await one.stop();
  });
});

describe.runIf(process.platform === 'linux')('Ctrl-C on mft run', () => {
  it('cancels the run, waits for its end, and leaves nothing behind', async () => {
    const folder = path.join(bench.directory, 'interrupted');
    mkdirSync(folder);
    const child = spawn(process.execPath, [MFT, 'run', flow, '--no-pylint', '--json', `folder=${folder}`], {
      ...at,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until(() => [0, 1].every((i) => existsSync(path.join(folder, `slow-${i}.beat`))), {
      timeout: 60_000,
      what: 'both slow tasks',
    });
    const pids = pidsIn(folder);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(lastJson(stdout)?.status).toBe('cancelled');
    expect(pids.some(lives)).toBe(false);
  });
});
