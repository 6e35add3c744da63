import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../lib/paths.mjs';
import { historySizes } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/*
 * Real forks in numbers. `MFT_E2E_LARGE=20000,10000` runs so many tasks and rounds, `MFT_E2E_LARGE=1` 3,000 and 500; the default is just wide
 * enough for a foreach to be split into several children.
 */
const LARGE = process.env.MFT_E2E_LARGE;
const [WIDTH, ROUNDS] = (LARGE === undefined ? '1200,250' : LARGE === '1' ? '3000,500' : LARGE)
  .split(',')
  .map(Number) as [number, number];
const EVENTS = 10_000;
/** Milliseconds for a foreach, or for the rounds: an hour where somebody asks for sizes of their own. */
const TIMEOUT = LARGE === undefined || LARGE === '1' ? 600_000 : 3_600_000;

const bench = useBench();
const at = { cwd: bench.directory, env: bench.env };

/** Deploy a flow of the benchmark, run it once, and answer the sizes of its histories. */
async function runOnce(file: string, flow: string, params: Record<string, number>) {
  const output = path.join(bench.directory, `${flow}_worker.mjs`);
  await createWorkerFile(path.join(ROOT, 'e2e/bench/flows', file), output, at);
  const worker = bench.keep(await startWorker(output, { ...at, client: bench.client, taskQueue: `metaflow-${flow}` }));
  const workflowId = `${flow}-large-${Date.now()}`;
  const from = performance.now();
  const result = await bench.client.workflow.execute('MetaflowWorkflow', {
    taskQueue: `metaflow-${flow}`,
    workflowId,
    args: [{ params }],
  });
  const seconds = (performance.now() - from) / 1000;
  const sizes = await historySizes(bench.client, workflowId);
  await worker.stop();
  const largest = Math.max(...sizes.map((part) => part.events));
  process.stdout.write(
    `${flow} ${JSON.stringify(params)}: ${seconds.toFixed(1)} s, ${sizes.length} executions, largest history ${largest} events\n`,
  );
  return { result: result as { tasks: number; pathspec: string }, largest, executions: sizes.length };
}

describe('histories stay bounded', () => {
  it(`over a foreach of ${WIDTH} tasks`, { timeout: TIMEOUT }, async () => {
    const { result, largest, executions } = await runOnce('wide.py', 'WideFlow', { width: WIDTH });
    expect(result.tasks).toBe(WIDTH + 3);
    expect(largest).toBeLessThan(EVENTS);
    expect(executions).toBeGreaterThan(1);
    expect(await ask(bench, result.pathspec, '[run.successful, run.data.count]')).toEqual([true, WIDTH]);
  });

  it(`over ${ROUNDS} rounds of a loop`, { timeout: TIMEOUT }, async () => {
    const { result, largest } = await runOnce('rounds.py', 'RoundsFlow', { rounds: ROUNDS });
    expect(result.tasks).toBe(ROUNDS + 2);
    expect(largest).toBeLessThan(EVENTS);
    expect(await ask(bench, result.pathspec, '[run.successful, run.data.count, len(list(run["loop"]))]')).toEqual([
      true,
      ROUNDS,
      ROUNDS,
    ]);
  });
});
