import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAILURE } from '@mft/graph';
import { UNHURRIED } from '@mft/testing';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, describeOutcome, startRun, type Connected, type RunOutcome } from '../src/index.js';
import { deploy, type Deployed } from './support/deployment.js';
import { startServer } from './support/server.js';

/*
 * Workers are replaced one after the other, as a rolling update does, while runs are under way whose tasks (without @retry) last longer than
 * the grace period. A task cut off by that is not the user's failure, and no loss either.
 */

const RUNS = 4;
const WIDTH = 12;
const GRACE = 1;

let server: TestWorkflowEnvironment;
let deployed: Deployed;
let connected: Connected;
let log: string;

beforeAll(async () => {
  server = await startServer();
  deployed = await deploy(server.address, 'rolling.py');
  connected = await connect({ address: server.address });
  log = join(deployed.folder, 'rolling.log');
}, 120_000);

afterAll(async () => {
  await connected.connection.close();
  await server.teardown();
  await deployed.remove();
});

/** In an object: a promise is not handed out of another. */
interface Worker {
  readonly process: ResultPromise<{ reject: false; all: true }>;
}

/** Started, and polling. */
async function startWorker(): Promise<Worker> {
  const worker = execa(process.execPath, [deployed.file, '--grace', String(GRACE), '--max-workers', '6'], {
    ...{ env: { ...deployed.env, ROLLING_LOG: log }, extendEnv: false, cwd: deployed.folder, reject: false, all: true },
    ...UNHURRIED,
  });
  await new Promise<void>((resolve) => {
    worker.all.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('polling')) resolve();
    });
    void worker.then(() => resolve());
  });
  return { process: worker };
}

/** SIGTERM, and its end. */
async function stop({ process }: Worker): Promise<{ exitCode: number | undefined; all: string }> {
  process.kill('SIGTERM');
  const { exitCode, all } = await process;
  return { exitCode, all: String(all) };
}

test('a rolling restart under load fails no run', async () => {
  const workers = [await startWorker(), await startWorker()];
  const outcomes: Promise<RunOutcome>[] = [];
  for (let i = 0; i < RUNS; i++) {
    const run = await startRun(
      connected.client,
      deployed.config,
      { params: { width: WIDTH } },
      { hash: deployed.hash },
    );
    outcomes.push(describeOutcome(connected.client, run));
  }
  let over = false;
  const ended = Promise.all(outcomes).finally(() => (over = true));
  const stopped: Awaited<ReturnType<typeof stop>>[] = [];
  const times: number[] = [];
  for (let i = 0; !over && i < 20; i++) {
    await Promise.race([sleep(1_500), ended]);
    const old = workers[i % 2]!;
    const next = startWorker();
    const from = performance.now();
    stopped.push(await stop(old));
    times.push(Math.round(performance.now() - from));
    workers[i % 2] = await next;
  }
  const all = await ended;
  stopped.push(...(await Promise.all(workers.map(stop))));

  process.stdout.write(`restarts ${times.length}, drain ms ${times.join(' ')}\n`);
  expect(all.map(({ status, error }) => ({ status, error }))).toEqual(
    all.map(() => ({ status: 'completed', error: undefined })),
  );
  for (const { exitCode, all } of stopped) expect([exitCode, exitCode === 0 ? '' : all]).toEqual([0, '']);

  const lines = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const begun = lines.filter(([word]) => word === 'begin');
  const finished = lines.filter(([word]) => word === 'end');
  process.stdout.write(`${begun.length} begun, ${finished.length} finished\n`);
  expect(new Set(finished.map(([, run, task]) => `${run} ${task}`)).size).toBe(RUNS * WIDTH);
  // No more was repeated than what was cut off, and that under its number.
  const handedOver = await Promise.all(all.map(({ workflowId }) => handovers(workflowId)));
  const cut = handedOver.reduce((sum, count) => sum + count, 0);
  process.stdout.write(`${cut} handed over\n`);
  expect(cut).toBeGreaterThan(0);
  expect(begun.length).toBeLessThanOrEqual(RUNS * WIDTH + cut);
  expect(finished.length).toBeLessThanOrEqual(begun.length);
  expect(new Set(lines.map(([, , , attempt]) => attempt))).toEqual(new Set(['0']));
  expect(lines.map(([, , , , pid]) => Number(pid)).filter(isAlive)).toEqual([]);
}, 120_000);

/** How often tasks of a run were given back. */
async function handovers(workflowId: string): Promise<number> {
  const { events } = await connected.client.workflow.getHandle(workflowId).fetchHistory();
  const types = (events ?? []).map(
    (event) => event.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo?.type,
  );
  return types.filter((type) => type === FAILURE.handedOver).length;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
