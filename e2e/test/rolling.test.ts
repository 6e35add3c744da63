import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, mft } from '../lib/process.mjs';
import { historyOf } from '../lib/temporal.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/*
 * Two `mft serve` are replaced in turn, as a rolling update does, while runs of several deployments are under way.
 */

const NAMES = ['early', 'late', 'wide'];
const WIDTH = 20;
const bench = useBench();
const at = { cwd: bench.directory, env: bench.env };

async function serve() {
  const args = ['serve', '--grace', '1', '--max-workers', '6'];
  const worker = bench.keep(await startWorker(MFT, { ...at, client: bench.client, taskQueue: '', wait: false, args }));
  for (const name of NAMES) await said(worker, name);
  return worker;
}

/**
 * How often the server gave one of a run's `work` tasks away in vain, at most: it answers a poll at the moment in which the worker stops to wait for
 * the answer, and finds that out by the missing heartbeats.
 */
async function lossesIn(workflowId: string): Promise<number> {
  const history = await historyOf(bench.client, workflowId);
  const work = history.filter((event) =>
    event.activityTaskScheduledEventAttributes?.activityId?.startsWith('temporal-work-'),
  );
  const ids = new Set(work.map(({ eventId }) => String(eventId)));
  const late = history
    .map((event) => event.activityTaskStartedEventAttributes)
    .filter((started) => ids.has(String(started?.scheduledEventId)) && started?.lastFailure?.timeoutFailureInfo);
  return Math.max(0, ...late.map((started) => (started?.attempt ?? 1) - 1));
}

it('mft serve, replaced under load, fails no run and loses no task', { timeout: 300_000 }, async () => {
  const flow = path.join(ROOT, 'e2e/fixtures/rolling.py');
  for (const name of NAMES)
    await createWorkerFile(flow, path.join(bench.directory, `${name}.mjs`), { ...at, options: ['--name', name] });
  const workers = [await serve(), await serve()];
  const triggered = NAMES.flatMap((name) => [name, name]).map((name) =>
    mft(['trigger', name, `width=${WIDTH}`, '--wait', '--json'], at),
  );
  let over = false;
  const ended = Promise.all(triggered).finally(() => (over = true));
  const statuses: (number | null)[] = [];
  for (let i = 0; !over && i < 20; i++) {
    await Promise.race([sleep(1_000), ended]);
    const next = serve();
    statuses.push(await workers[i % 2]!.stop());
    workers[i % 2] = await next;
  }
  const results = await ended;
  expect(results.map(({ status, stderr }) => [status, status === 0 ? '' : stderr])).toEqual(results.map(() => [0, '']));
  expect(statuses.length).toBeGreaterThanOrEqual(3);
  expect(new Set(statuses)).toEqual(new Set([0]));

  const squares = Array.from({ length: WIDTH }, (_, index) => index ** 2);
  const forks: number[] = [];
  for (const { stdout } of results) {
    const { pathspec, workflowId } = lastJson(stdout)!;
    const seen = (await ask(bench, pathspec, '[run.data.squares, run.data.attempts, run.data.workers]')) as [
      squares: number[],
      attempts: number,
      workers: number,
    ];
    // A task that a worker gave back is the same attempt: the flow has no @retry. Only one that no worker ever got is another one.
    expect(seen.slice(0, 2)).toEqual([squares, await lossesIn(workflowId)]);
    forks.push(seen[2]);
  }
  // Runs were indeed carried on by others.
  expect(Math.max(...forks)).toBeGreaterThan(1);
  expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0]);
});
