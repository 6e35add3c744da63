import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { until } from '../lib/process.mjs';
import { createWorkerFile, said, startWorker, type RunningWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/** Several workers on one task queue, and one worker whose tasks share its memory. */

const bench = useBench();
const at = { cwd: bench.directory, env: bench.env };
const FIXTURES = path.join(ROOT, 'e2e/fixtures/scaling');
const fileOf = (flow: string) => path.join(bench.directory, `${flow}_worker.mjs`);

let running: RunningWorker[] = [];

/** Start workers of a file: each has two tasks at a time, and a name that its tasks see. */
async function start(flow: string, names: readonly string[], ...args: string[]): Promise<RunningWorker[]> {
  const workers = await Promise.all(
    names.map((TEST_WORKER) =>
      startWorker(fileOf(flow), {
        ...at,
        ...{ client: bench.client, taskQueue: `metaflow-${flow}`, args },
        env: { ...at.env, TEST_WORKER },
      }).then(bench.keep),
    ),
  );
  await Promise.all(workers.map((worker) => said(worker, 'tasks at a time')));
  running.push(...workers);
  return workers;
}

let runs = 0;

/** Begin a run, whose tasks write into a folder of its own. */
async function begin(flow: string, params: Record<string, number> = {}) {
  const folder = path.join(bench.directory, `run-${runs++}`);
  mkdirSync(folder);
  const options = { taskQueue: `metaflow-${flow}`, workflowId: `${flow}-${runs}` };
  const handle = await bench.client.workflow.start('MetaflowWorkflow', {
    ...options,
    args: [{ params: { ...params, folder } }],
  });
  return { folder, result: handle.result() as Promise<{ pathspec: string }> };
}

/** Of each counter of this name, over all of its labels. */
async function counted(worker: RunningWorker, name: string): Promise<number> {
  const [, address] = /Metrics at (http:\S+)/.exec(worker.output()) ?? [];
  const text = await (await fetch(address!)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** How many of these were at work at the same time. */
function atOnce(spans: readonly { from: number; to: number }[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((span) => span.from <= from && from < span.to).length));
}

function spansIn(folder: string) {
  return readdirSync(folder).map((name) => {
    const [from, to] = readFileSync(path.join(folder, name), 'utf8').split(' ').map(Number);
    return { step: name.split('-')[0]!, from: from!, to: to! };
  });
}

beforeAll(async () => {
  await createWorkerFile(path.join(FIXTURES, 'shared.py'), fileOf('SharedFlow'), at);
  await createWorkerFile(path.join(FIXTURES, 'training.py'), fileOf('TrainingFlow'), at);
});

afterEach(async () => {
  await Promise.all(running.map((worker) => worker.stop()));
  running = [];
});

describe('several workers on one task queue', () => {
  const WIDTH = 60;

  async function share(names: readonly string[]): Promise<void> {
    const { folder, result } = await begin('SharedFlow', { width: WIDTH, expected: names.length });
    const { pathspec } = await result;
    const ran = readFileSync(path.join(folder, 'ran'), 'utf8').trim().split('\n').map(Number);
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: WIDTH }, (_, i) => i));
    const [squares, workers] = (await ask(bench, pathspec, '[run.data.squares, run.data.workers]')) as [
      number[],
      string[],
    ];
    expect(squares).toEqual(Array.from({ length: WIDTH }, (_, i) => i * i));
    expect([...new Set(workers)].toSorted()).toEqual(names);
  }

  it('share the tasks of a run, two or four of them, each task once', async () => {
    await start('SharedFlow', ['a', 'b'], '--max-workers', '2');
    await share(['a', 'b']);
    await start('SharedFlow', ['c', 'd'], '--max-workers', '2');
    await share(['a', 'b', 'c', 'd']);
  });

  it('lose nothing where each keeps only two runs in memory, of eight', async () => {
    const args = ['--max-workers', '2', '--max-cached-workflows', '2', '--metrics-port', '127.0.0.1:0'];
    const workers = await start('SharedFlow', ['a', 'b'], ...args);
    const begun = await Promise.all(Array.from({ length: 8 }, () => begin('SharedFlow', { width: 6 })));
    for (const { folder, result } of begun) {
      await result;
      const ran = readFileSync(path.join(folder, 'ran'), 'utf8').trim().split('\n');
      expect(ran.toSorted()).toEqual(['0', '1', '2', '3', '4', '5']);
    }
    // Which worker has how many of them is the server's to say.
    const evicted = await Promise.all(
      workers.map((worker) => counted(worker, 'temporal_sticky_cache_total_forced_eviction')),
    );
    expect(Math.max(...evicted)).toBeGreaterThan(0);
  });
});

describe('memory', () => {
  it('is shared by tasks that ask for it, and kept from nobody else', async () => {
    const [worker] = await start('TrainingFlow', ['a'], '--max-workers', '3', '--memory', '2GB');
    const { folder, result } = await begin('TrainingFlow');
    await result;
    const spans = spansIn(folder);
    const of = (step: string) => spans.filter((span) => span.step === step);
    expect([of('train').length, of('report').length, of('evaluate').length]).toEqual([5, 8, 2]);
    expect(atOnce(of('train'))).toBe(2);
    expect(atOnce(spans)).toBe(3);
    // What waits for memory holds no slot: reports pass it. Else the last model would have its slot before the first report.
    const begun = (step: string) => of(step).map(({ from }) => from);
    expect(Math.min(...begun('report'))).toBeLessThan(Math.max(...begun('train')));
    // More than there is: one at a time, and told once.
    expect(atOnce(of('evaluate'))).toBe(1);
    expect(worker!.output().match(/TrainingFlow\/evaluate asks for 64000 MB/g)).toHaveLength(1);
  });

  it('and processors decide how many tasks are taken where targets are given, by all deployments together', async () => {
    const args = ['serve', '--max-workers', '2', '--memory', '1GB', '--target-memory', '1', '--target-cpu', '1'];
    const worker = bench.keep(
      await startWorker(MFT, { ...at, client: bench.client, taskQueue: '', wait: false, args }),
    );
    running.push(worker);
    // Those of other tests on this server among them.
    await said(worker, /Serving \d+ deployments/);
    const begun = await Promise.all([begin('TrainingFlow'), begin('SharedFlow', { width: 6 })]);
    for (const { result } of begun) await result;
    const spans = spansIn(begun[0].folder);
    expect(spans).toHaveLength(15);
    expect(atOnce(spans)).toBeLessThanOrEqual(2);
    expect(atOnce(spans.filter(({ step }) => step === 'train'))).toBe(1);
    await until(() => /TrainingFlow\/evaluate asks for 64000 MB/.test(worker.output()), { what: 'the warning' });
  });
});
