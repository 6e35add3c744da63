import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa, type ResultPromise } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  connect,
  describeOutcome,
  isPolled,
  renderWorkerFile,
  startRun,
  type Connected,
  type RunOutcome,
} from '../src/index.js';
import { deploy, SDK, type Deployed } from './support/deployment.js';
import { startServer } from './support/server.js';

let server: TestWorkflowEnvironment;
let deployed: Deployed;
let connected: Connected;
const workers: ResultPromise<{ reject: false }>[] = [];

beforeAll(async () => {
  server = await startServer();
  deployed = await deploy(server.address);
  connected = await connect({ address: server.address });
}, 120_000);

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill('SIGTERM');
    await worker;
  }
});

afterAll(async () => {
  await connected.connection.close();
  await server.teardown();
  await deployed.remove();
});

/** Start a worker and wait for its word that it polls; answers after how many milliseconds that was. */
async function work(
  args: readonly string[] = [],
  file?: string,
  cwd?: string,
): Promise<{ worker: ResultPromise<{ reject: false }>; ms: number; line: string }> {
  const from = performance.now();
  const worker = deployed.node(args, file, cwd);
  workers.push(worker);
  const line = await new Promise<string>((resolve, reject) => {
    worker.stdout.on('data', (chunk: Buffer) => {
      const found = chunk
        .toString()
        .split('\n')
        .find((text) => text.includes('polling'));
      if (found !== undefined) resolve(found);
    });
    void worker.then(({ stderr }) => reject(new Error(`The worker ended: ${stderr}`)));
  });
  return { worker, ms: performance.now() - from, line };
}

async function runs(): Promise<number> {
  let count = 0;
  for await (const _ of connected.client.workflow.list()) count++;
  return count;
}

test('polls within 2 seconds, and says what, where, and how to start a run', async () => {
  expect(await isPolled(connected.client, deployed.config.taskQueue)).toBe(false);
  const { ms, line } = await work();
  expect(line).toContain(`MyFlow: polling metaflow-MyFlow at ${server.address}`);
  expect(line).toContain('node my_flow_worker.mjs trigger greeting=…');
  expect(await isPolled(connected.client, deployed.config.taskQueue)).toBe(true);
  // Two seconds on a machine that is free: on a busy one, as many times longer as loading the SDK alone takes.
  const times = [ms];
  while (times.length < 4 && Math.min(...times) > 2_000) {
    workers.at(-1)!.kill('SIGTERM');
    const [before, start, after] = [await loadingTheSdk(), await work(), await loadingTheSdk()];
    times.push(start.ms / Math.max(1, (before + after) / 2 / 450));
  }
  expect(Math.min(...times)).toBeLessThan(2_000);
});

test('trigger starts a run, waits, prints the pathspec and how to read it, exits 0', async () => {
  await work();
  const idFile = join(deployed.folder, 'run-id');
  const { stdout, stderr, exitCode } = await deployed.node([
    'trigger',
    'greeting=world',
    '--tag',
    'mine',
    '--run-id-file',
    idFile,
  ]);
  expect(stderr).toMatch(/start: done, 1 task in/);
  expect(stderr).toMatch(/work: done, 3 tasks in/);
  expect(exitCode).toBe(0);
  const runId = await readFile(idFile, 'utf8');
  expect(runId).toMatch(/^temporal-MyFlow-[0-9a-z]{8}$/);
  expect(stdout).toContain(`MyFlow/${runId} completed`);
  const command = /Read it: {2}python -c '(.*)'/.exec(stdout)![1]!;
  expect(
    (await execa(deployed.config.interpreter, ['-c', command], { env: deployed.env, cwd: deployed.folder })).stdout,
  ).toContain('total');
  expect(await deployed.ask(`metaflow.Run("MyFlow/${runId}").data.total`)).toBe('14');
  expect(await deployed.ask(`"mine" in metaflow.Run("MyFlow/${runId}").tags`)).toBe('True');
  expect(await deployed.ask(`"user:tester" in metaflow.Run("MyFlow/${runId}").tags`)).toBe('True');
  const description = await connected.client.workflow.getHandle(runId.replace('temporal-', '')).describe();
  expect(description.memo).toMatchObject({
    flow: 'MyFlow',
    deployment: 'MyFlow',
    configHash: deployed.hash,
    tags: ['mine'],
  });
  expect(await description.staticSummary()).toBe('MyFlow');
  expect(await description.staticDetails()).toContain('`greeting`');
});

test("a failing run exits 1 and shows the step's own Python traceback", async () => {
  await work();
  const { stdout, stderr, exitCode } = await deployed.node(['trigger', 'greeting=boom', '--json']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Traceback (most recent call last):');
  expect(stderr).toContain('raise ValueError("cannot greet boom")');
  expect(stderr).not.toMatch(/\n\s+at .*\.m?js/);
  expect(JSON.parse(stdout.split('\n').at(-1)!) as RunOutcome).toMatchObject({
    status: 'failed',
    pathspec: expect.stringMatching(/^MyFlow\/temporal-MyFlow-/),
    error: { step: 'work', type: 'ValueError', message: expect.stringContaining('cannot greet boom') },
  });
});

test('bad parameters exit 2 before any run is started', async () => {
  const before = await runs();
  for (const [words, code] of [
    [[], 'MISSING_PARAMETER'],
    [['greting=x'], 'UNKNOWN_PARAMETER'],
    [['greeting=x', 'pause=long'], 'INVALID_PARAMETER'],
  ] as const) {
    const { stderr, exitCode } = await deployed.node(['trigger', ...words]);
    expect(stderr).toContain(`[${code}]`);
    expect(exitCode).toBe(2);
  }
  expect(await runs()).toBe(before);
});

test('editing or deleting the flow file changes nothing; a copy of the file elsewhere works too', async () => {
  const original = await readFile(deployed.flow, 'utf8');
  const away = await mkdtemp(join(tmpdir(), 'mft-away-'));
  const copy = join(away, 'renamed.mjs');
  await copyFile(deployed.file, copy);
  try {
    await writeFile(deployed.flow, 'this is no Python');
    await work([], copy, away);
    const edited = await deployed.node(['trigger', 'greeting=a', '--json'], copy, away);
    expect(JSON.parse(edited.stdout)).toMatchObject({ status: 'completed' });
    await rm(deployed.flow);
    const deleted = await deployed.node(['trigger', 'greeting=b', '--json'], copy, away);
    expect(JSON.parse(deleted.stdout)).toMatchObject({ status: 'completed' });
  } finally {
    await writeFile(deployed.flow, original);
    await rm(away, { recursive: true });
  }
});

test('without a worker: trigger warns and says how to start one; the run waits for it', async () => {
  const renamed = join(deployed.folder, 'lonely_worker.mjs');
  await writeFile(renamed, await renderWorkerFile({ ...deployed.config, taskQueue: 'nobody-polls-this' }));
  const { stdout, stderr, exitCode } = await deployed.node(['trigger', 'greeting=x', '--no-wait', '--json'], renamed);
  expect(stderr).toContain('warning: no worker polls the task queue "nobody-polls-this"');
  expect(stderr).toContain('node lonely_worker.mjs');
  expect(exitCode).toBe(0);
  const { status, workflowId } = JSON.parse(stdout) as { status: string; workflowId: string };
  expect(status).toBe('running');
  await work([], renamed);
  expect(await describeOutcome(connected.client, { workflowId, flow: 'MyFlow' })).toMatchObject({
    status: 'completed',
  });
});

test('Ctrl-C on trigger leaves the run alone and says so', async () => {
  await work();
  const trigger = deployed.node(['trigger', 'greeting=x', 'pause=4']);
  await new Promise<void>((resolve) => {
    trigger.stderr.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('started')) resolve();
    });
  });
  trigger.kill('SIGINT');
  const { stderr, exitCode } = await trigger;
  expect(exitCode).toBe(130);
  const workflowId = /The run goes on: MyFlow\/\S+ \(workflow (\S+)\)/.exec(stderr)?.[1] ?? '';
  expect(await describeOutcome(connected.client, { workflowId, flow: 'MyFlow' })).toMatchObject({
    status: 'completed',
  });
});

test('SIGTERM drains: the running task finishes within the grace period, and the next worker goes on with the run', async () => {
  const { worker } = await work(['--grace', '20']);
  const run = await startRun(
    connected.client,
    deployed.config,
    { params: { greeting: 'x', pause: 3 } },
    { hash: deployed.hash },
  );
  await until(
    async () => (await deployed.ask(`len(list(metaflow.Run("${run.pathspec}")["work"]))`).catch(() => '0')) === '3',
  );
  worker.kill('SIGTERM');
  expect((await worker).exitCode).toBe(0);
  expect(await deployed.ask(`[t.finished for t in metaflow.Run("${run.pathspec}")["work"]]`)).toBe(
    '[True, True, True]',
  );
  await work();
  expect(await describeOutcome(connected.client, run)).toMatchObject({ status: 'completed' });
  expect(await deployed.ask(`metaflow.Run("${run.pathspec}").data.total`)).toBe('14');
});

test('cancel reaches a task within a few seconds', async () => {
  await work();
  const run = await startRun(
    connected.client,
    deployed.config,
    { params: { greeting: 'x', pause: 60 } },
    { hash: deployed.hash },
  );
  await until(
    async () => (await deployed.ask(`len(list(metaflow.Run("${run.pathspec}")["work"]))`).catch(() => '0')) === '3',
  );
  const from = performance.now();
  await connected.client.workflow.getHandle(run.workflowId).cancel();
  expect(await describeOutcome(connected.client, run)).toMatchObject({ status: 'cancelled' });
  expect(performance.now() - from).toBeLessThan(8_000);
});

/** Milliseconds; about 450 on two free cores. */
async function loadingTheSdk(): Promise<number> {
  const from = performance.now();
  await execa(process.execPath, ['-e', "require('@temporalio/worker')"], { cwd: SDK });
  return performance.now() - from;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if (await condition()) return;
    await sleep(250);
  }
  throw new Error('This never came true.');
}

test.each([
  ['UNKNOWN_PARAMETER', ['nobody=1'], 2],
  ['BAD_USAGE', ['--bogus'], 2],
  ['RUN_ID_FILE', ['greeting=hi', '--run-id-file', 'no/such/file'], 2],
  ['NAMESPACE_NOT_FOUND', ['greeting=hi', '--namespace', 'nope'], 1],
] as const)('trigger --json leaves a line of JSON without a run, too: %s', async (code, args, status) => {
  const { stdout, exitCode } = await deployed.node(['trigger', '--json', ...args]);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', pathspec: null, error: { code } });
  expect(exitCode).toBe(status);
});

test('trigger --json does so with options before its name as well', async () => {
  const { stdout, exitCode } = await deployed.node(['--address', server.address, 'trigger', '--json', 'nobody=1']);
  expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', error: { code: 'UNKNOWN_PARAMETER' } });
  expect(exitCode).toBe(2);
});

test('a worker of a namespace that is not there says so and ends', async () => {
  const { stderr, exitCode } = await deployed.node(['--namespace', 'nope']);
  expect(stderr).toContain('[NAMESPACE_NOT_FOUND]');
  expect(exitCode).toBe(1);
});
