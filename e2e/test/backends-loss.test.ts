import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startGateway } from '../lib/gateway.mjs';
import { isolated, lastJson, run, until } from '../lib/process.mjs';
import { ROOT } from '../lib/paths.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { defaults, here, readerOf, useBackends } from './backends.js';
import { ask, FLOWS, useBench } from './support.js';

const backends = useBackends();
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

/** What the metadata service answers to a GET. */
async function get(place: string): Promise<Record<string, unknown>> {
  const answer = await fetch(`${backends.service}/flows/${place}`);
  expect(answer.status, place).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

const beat = async (place: string) => Number((await get(place)).last_heartbeat_ts);

describe.runIf(here.service && process.platform === 'linux')('heartbeats to the metadata service', () => {
  const bench = useBench();

  it.concurrent(
    'stop with the worker that was killed, and go on with the attempt after it',
    async () => {
      const env = { ...bench.env, ...defaults('local', 'service', backends.service) };
      const at = { cwd: bench.directory, env };
      const file = path.join(bench.directory, 'slow_worker.mjs');
      await createWorkerFile(path.join(ROOT, 'e2e/fixtures/slow.py'), file, { ...at, options: ['--metadata=service'] });
      const worker = async () =>
        bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-SlowFlow' }));
      const first = await worker();
      const folder = path.join(bench.directory, 'signs');
      mkdirSync(folder);
      const words = ['--no-wait', '--json', `folder=${folder}`];
      const triggered = await run(process.execPath, [file, 'trigger', ...words], at);
      expect(triggered.status, triggered.stderr).toBe(0);
      const { pathspec, workflowId } = lastJson(triggered.stdout)!;
      const place = pathspec.replace('/', '/runs/');
      const task = `${place}/steps/slow/tasks/temporal-slow-0-0`;
      await until(() => existsSync(path.join(folder, 'slow-0.beat')), { timeout: 60_000, what: 'the slow task' });

      const [runAt, taskAt] = [await beat(place), await beat(task)];
      await until(async () => (await beat(task)) > taskAt && (await beat(place)) > runAt, {
        timeout: 60_000,
        every: 500,
        what: 'heartbeats of run and task',
      });
      first.kill();
      await seconds(3); // what was on its way
      const [runLast, taskLast] = [await beat(place), await beat(task)];
      await seconds(13); // the service asks for one each ten seconds
      expect([await beat(place), await beat(task)]).toEqual([runLast, taskLast]);

      const second = await worker();
      await bench.client.workflow.getHandle(workflowId).result();
      expect(await beat(task)).toBeGreaterThan(taskLast);
      const seen = '[run.successful, run["end"].task.data.attempts, len(list(run["slow"])), len(list(run["join"]))]';
      expect(await ask(readerOf(bench, env), pathspec, seen)).toEqual([true, [1, 1], 2, 1]);
      expect(await second.stop()).toBe(0);
    },
    300_000,
  );
});

describe.runIf(here.s3)('S3 that is away for a few seconds', () => {
  const bench = useBench();

  it.concurrent(
    'is waited for by the attempt that needs it',
    async () => {
      const gateway = await startGateway(backends.s3);
      try {
        const at = {
          cwd: bench.directory,
          env: isolated(bench.directory, {
            ...bench.env,
            ...defaults('s3', 'local', ''),
            ...backends.bucket('away'),
            METAFLOW_S3_ENDPOINT_URL: gateway.url,
          }),
        };
        const file = path.join(bench.directory, 'linear_worker.mjs');
        await createWorkerFile(path.join(FLOWS, 'linear.py'), file, { ...at, options: ['--datastore=s3'] });
        const worker = bench.keep(
          await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-LinearFlow' }),
        );
        const running = run(process.execPath, [file, 'trigger', '--json'], at);
        await until(() => gateway.requests.some(({ path: where }) => where.includes('/start/')), {
          timeout: 60_000,
          every: 10,
          what: 'the first step',
        });
        gateway.interrupt();
        await seconds(5);
        await gateway.resume();
        const triggered = await running;
        expect(triggered.status, triggered.stderr + worker.output()).toBe(0);
        const { pathspec } = lastJson(triggered.stdout)!;
        const attempts = 'sorted({task.current_attempt for step in run for task in step})';
        expect(await ask(readerOf(bench, at.env), pathspec, `[run.successful, ${attempts}]`)).toEqual([true, [0]]);
      } finally {
        await gateway.stop();
      }
    },
    300_000,
  );
});
