import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { runIdOf } from '@mft/graph';
import { beforeAll, describe, expect, it } from 'vitest';
import { flowsIn } from '../equivalence/main.mjs';
import { ROOT } from '../lib/paths.mjs';
import { until } from '../lib/process.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { compareResumes } from '../resume/pair.mjs';
import { ask, useBench } from './support.js';

const bench = useBench();

/** Flows of which the others have all that they have, and Metaflow's own suite again. With `MFT_E2E_FULL=1` all run. */
const SIMPLE = new Set(['linear', 'foreach', 'switch', 'loops', 'parallel']);

// Each flow has its own worker, datastore and origin; most of the time is Python's own start, of one process at a time.
describe('a resumed run', () => {
  const files = flowsIn(path.join(ROOT, 'e2e/resume/flows'))
    .map((file) => [path.basename(file, '.py'), file] as const)
    .filter(([name]) => process.env.MFT_E2E_FULL || !SIMPLE.has(name));
  it.concurrent.each(files)('%s: the same under metaflow resume', { timeout: 600_000 }, async (name, file) => {
    const directory = path.join(bench.directory, 'resumes', name);
    // From a step, and of each kind of origin by itself: `node e2e/resume/main.mjs`, all of them.
    const results = await compareResumes(file, { directory, address: bench.address, steps: false, origins: false });
    expect(results.flatMap(({ name: origin, differences }) => differences.map((line) => `${origin}: ${line}`))).toEqual(
      [],
    );
    expect(results.map(({ name: origin }) => origin)).toEqual(['a resumed run']);
    for (const { cloned, tasks } of results) {
      expect(cloned).toBeGreaterThan(0);
      expect(cloned).toBeLessThan(tasks);
    }
    rmSync(directory, { recursive: true, force: true });
  });
});

const TASK_QUEUE = 'metaflow-ResumableFlow';
const WIDTH = 24;
// Small ones, so that the foreach runs as child workflows, several of them one after another.
const limits = { childThreshold: 10, childSize: 6, childrenAtOnce: 2 };
const file = path.join(bench.directory, 'resumable_worker.mjs');
const slow = path.join(bench.directory, 'slow');
const at = { cwd: bench.directory, env: bench.env };
const worker = async () => bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: TASK_QUEUE }));

let count = 0;
async function start(input: object): Promise<WorkflowHandle & { runId: string }> {
  const workflowId = `Resumable-${(count += 1)}`;
  const handle = await bench.client.workflow.start('MetaflowWorkflow', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [{ limits, ...input }],
  });
  return Object.assign(handle, { runId: runIdOf(workflowId) });
}

/** How many tasks of `more` are done in the datastore, and how many of them were cloned. */
const doneOf = (runId: string) =>
  ask(
    bench,
    `ResumableFlow/${runId}`,
    `(lambda tasks: {"done": sum(t.successful for t in tasks), "cloned": sum("origin-task-id" in t.metadata_dict for t in tasks)})([t for s in run if s.id == "more" for t in s])`,
  ) as Promise<{ done: number; cloned: number }>;

const done = async (runId: string, least: number) =>
  until(async () => (await doneOf(runId).catch(() => ({ done: 0 }))).done >= least, {
    timeout: 120_000,
    every: 500,
    what: `${least} tasks of ${runId}`,
  });

async function expectWhole(runId: string, origin: string, cloned: number): Promise<void> {
  expect(await doneOf(runId)).toEqual({ done: WIDTH, cloned });
  expect(await ask(bench, `ResumableFlow/${runId}`, 'run["join"].task.data.values')).toEqual(
    Array.from({ length: WIDTH }, (_, i) => 2 * i),
  );
  const ran = '[t.data.origin for t in run["more"] if "origin-task-id" not in t.metadata_dict]';
  expect(new Set((await ask(bench, `ResumableFlow/${runId}`, ran)) as string[])).toEqual(new Set([origin]));
}

describe.runIf(process.platform === 'linux')('runs that did not end by themselves', () => {
  beforeAll(() => createWorkerFile(path.join(ROOT, 'e2e/fixtures/resumable.py'), file, at).then(() => undefined));

  it.each([['cancelled'], ['terminated']])('one that was %s is resumed', async (how) => {
    writeFileSync(slow, '');
    const first = await worker();
    const origin = await start({});
    await done(origin.runId, 4);
    await (how === 'cancelled' ? origin.cancel() : origin.terminate());
    await expect(origin.result()).rejects.toThrow();
    // What a terminated run has left is ended with its worker.
    await first.stop();
    rmSync(slow);
    const { done: finished } = await doneOf(origin.runId);
    const second = await worker();
    const resumed = await start({ resume: { origin: origin.runId } });
    await resumed.result();
    await expectWhole(resumed.runId, origin.runId, finished);
    // The next run is to have no other worker than its own.
    await second.stop();
  });

  it('a worker that is killed, of the origin and of the resumed run, changes nothing', async () => {
    writeFileSync(slow, '');
    const first = await worker();
    const origin = await start({});
    await done(origin.runId, 4);
    first.kill();
    await origin.terminate();
    const { done: finished } = await doneOf(origin.runId);
    // Two workers, one of which only joins what the other one began; either may be the one that dies.
    const [second, third] = [await worker(), await worker()];
    const resumed = await start({ resume: { origin: origin.runId } });
    await done(resumed.runId, finished);
    second.kill();
    rmSync(slow);
    await resumed.result();
    await expectWhole(resumed.runId, origin.runId, finished);
    expect(third.running()).toBe(true);
    // And once more, from the middle of it.
    const again = await start({ resume: { origin: resumed.runId, step: 'join' } });
    await again.result();
    expect(await doneOf(again.runId)).toEqual({ done: WIDTH, cloned: WIDTH });
    await third.stop();
  });

  it('parameters are refused, and so is an origin that is not there', async () => {
    await worker();
    const messageOf = async (input: object) => {
      const handle = await start(input);
      const error = (await handle.result().catch((reason: unknown) => reason)) as {
        cause: { type: string; message: string };
      };
      expect(error.cause.type).toBe('RunNotStarted');
      return error.cause.message;
    };
    expect(await messageOf({ resume: { origin: '4711' }, params: { width: 3 } })).toContain('"width" cannot be given');
    expect(await messageOf({ resume: { origin: '4711' } })).toContain('could not find run id *4711*');
    expect(await messageOf({ resume: { origin: runIdOf('Resumable-1'), step: 'nowhere' } })).toContain(
      'invalid step name nowhere',
    );
  });
});
