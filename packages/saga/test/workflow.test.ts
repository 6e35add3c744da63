import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Saga } from '@mft/saga';
import { bookingActivities } from './fixtures/activities.js';
import { promptServer, temporalBinary } from '@mft/testing';
import type * as workflows from './fixtures/workflows.js';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const taskQueue = 'saga';
const journal: string[] = [];

let env: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;
let serial = 0;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      extraArgs: promptServer(),
      log: { level: 'error', format: 'pretty' },
    },
  });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: path('./fixtures/workflows.ts'),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => ({
      ...config,
      resolve: {
        ...config.resolve,
        conditionNames: ['@mft/source', 'import', 'require', 'default'],
        extensionAlias: { '.js': ['.ts', '.js'] },
      },
    }),
  });
  worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle,
    activities: bookingActivities(journal),
    maxHeartbeatThrottleInterval: 100,
    defaultHeartbeatThrottleInterval: 100,
  });
  running = worker.run();
}, 120_000);

afterAll(async () => {
  worker.shutdown();
  await running;
  await env.teardown();
});

beforeEach(() => {
  journal.length = 0;
});

type Workflows = typeof workflows;

async function start<W extends keyof Workflows>(type: W, ...args: Parameters<Workflows[W]>) {
  serial += 1;
  return env.client.workflow.start<Workflows[W]>(type, { taskQueue, workflowId: `${type}-${serial}`, args } as never);
}

async function rootMessage(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.then(
    () => new Error('the workflow completed'),
    (reason: unknown) => reason,
  );
  let root = error as Error;
  while (root.cause instanceof Error) root = root.cause;
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return root.message;
}

describe('the booking workflow of the README', () => {
  it('is the one that is tested here', async () => {
    const [readme, booking] = await Promise.all([
      readFile(path('../README.md'), 'utf8'),
      readFile(path('./fixtures/booking.ts'), 'utf8'),
    ]);
    expect(readme).toContain(booking);
    expect(booking.split('\n').length).toBeLessThan(35);
  });

  it('books', async () => {
    const handle = await start('bookTrip', { traveller: 'Ada', credit: 500 });
    expect(await handle.result()).toBe('paid hotel for Ada and flight for Ada');
    expect(journal).toEqual([]);
  });

  it('undoes the flight, then the hotel, and fails as the payment did', async () => {
    const handle = await start('bookTrip', { traveller: 'Ada', credit: 5 });
    expect(await rootMessage(handle.result())).toBe('Payment declined');
    expect(journal).toEqual(['cancel flight for Ada', 'cancel hotel for Ada']);
  });
});

describe('Saga', () => {
  it('S3: undoes everything, once, when the workflow is cancelled, which then ends as cancelled', async () => {
    const handle = await start('waiting');
    await expect.poll(() => journal, { timeout: 20_000 }).toContain('forever begun');
    await handle.cancel();
    await rootMessage(handle.result());
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(journal.slice(0, 2)).toEqual(['forever begun', 'undo seat']);
  });

  it('S1, S2: stops steps under way and undoes those that complete anyway', async () => {
    const report = await (await start('branches')).result();
    expect(report).toEqual({ complete: true, compensated: ['stubborn', 'fast'], failed: [], unreached: [] });
    expect(journal.slice(-2)).toEqual(['undo stubborn', 'undo fast']);
  });

  it('tries a handler again, with the same key', async () => {
    const report = await (await start('flaky', 3)).result();
    expect(report.complete).toBe(true);
    expect(report.compensated).toEqual(['third', 'second', 'first']);
    const tries = journal.filter((line) => line.startsWith('room'));
    expect(tries.map((line) => line.replace(/, [^,]*$/, ''))).toEqual([
      'room 7, attempt 1, PaymentDeclined: Payment declined',
      'room 7, attempt 2, PaymentDeclined: Payment declined',
      'room 7, attempt 3, PaymentDeclined: Payment declined',
    ]);
    expect(new Set(tries.map((line) => line.split(', ').at(-1))).size).toBe(1);
  });

  it('reports a handler that fails for good, and runs the others', async () => {
    const report = await (await start('flaky', 2)).result();
    expect(report.complete).toBe(false);
    expect(report.compensated).toEqual(['third', 'first']);
    expect(report.failed).toEqual([{ id: expect.any(String) as string, name: 'second', error: 'hotel API: 503' }]);
  });

  it('S4: goes on where it was after continue-as-new', async () => {
    const { report, executions } = await (await start('rolling')).result();
    expect(executions).toBe(3);
    expect(report.complete).toBe(true);
    expect(journal).toEqual(['undo 5', 'undo 4', 'undo 3', 'undo 2', 'undo 1']);
  });

  it('undoes a group side by side, in its place', async () => {
    await (await start('grouped', 'blocks')).result();
    expect(journal.slice(0, 2)).toEqual(['begin visa', 'end visa']);
    expect([...journal.slice(2, 5)].sort()).toEqual(['begin room 1', 'begin room 2', 'begin room 3']);
    expect(journal.slice(-2)).toEqual(['begin car', 'end car']);
  });

  it('undoes whatever it has side by side when asked to', async () => {
    await (await start('grouped', 'all')).result();
    expect([...journal.slice(0, 3)].sort()).toEqual(['begin room 2', 'begin room 3', 'begin visa']);
    expect(journal).toHaveLength(10);
  });

  it('undoes what a child did, as one block', async () => {
    const report = await (await start('parent')).result();
    expect(report.compensated).toEqual(['visa', 'seat', 'seat', 'car']);
    expect(journal).toEqual(['undo visa', 'undo 2', 'undo 1', 'undo car']);
  });

  it('refuses steps once compensation has begun', async () => {
    const message = await rootMessage((await start('late')).result());
    expect(message).toBe('"late" cannot begin: the saga is being compensated.');
  });

  it('refuses a state for which it has no handler', () => {
    const state = {
      items: [{ id: '1', name: 'hotel', data: { handler: 'hotel', value: 'h1' } }],
      running: [],
      compensated: [],
      failed: [],
    };
    expect(() => Saga.from(state, { flight: () => undefined })).toThrow('no handler "hotel"');
    expect(Saga.from(state, { hotel: () => undefined }).report.unreached).toEqual(['hotel']);
  });
});
