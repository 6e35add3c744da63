import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MFT, python, ROOT } from '../lib/paths.mjs';
import { isolated, lastJson, mft, run, until } from '../lib/process.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';
import { linesOf, ordersOf, type Line } from './undone.js';

/*
 * Runs that do not complete, of flows whose handlers write a line each: what they wrote is compared with the order in which Temporal's
 * history says that tasks completed.
 */

const FIXTURES = path.join(ROOT, 'e2e/fixtures/saga');
const FLOWS = {
  booking: 'BookingFlow',
  booking_steps: 'BookingStepsFlow',
  branches: 'BranchesFlow',
  wide: 'WideFlow',
  nested: 'NestedFlow',
  choices: 'ChoicesFlow',
  gang: 'GangFlow',
} as const;
const bench = useBench();
const file = path.join(bench.directory, 'undone.jsonl');
bench.env['SAGA_LOG'] = file;
const at = { cwd: bench.directory, env: bench.env };

async function serve() {
  const options = { ...at, client: bench.client, taskQueue: '', wait: false, args: ['serve', '--max-workers', '6'] };
  const worker = bench.keep(await startWorker(MFT, options));
  for (const flow of Object.values(FLOWS)) await said(worker, `${flow}: served`);
  return worker;
}

beforeAll(async () => {
  for (const [name, flow] of Object.entries(FLOWS)) {
    const output = path.join(bench.directory, `${flow}.mjs`);
    await createWorkerFile(path.join(FIXTURES, `${name}.py`), output, at);
  }
}, 120_000);

/** A run that was undone, as `mft trigger --wait --json` tells of it. */
interface Undone {
  readonly status: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly pathspec: string;
  readonly error?: { readonly step?: string; readonly type: string; readonly message: string };
  readonly compensation?: {
    readonly total: number;
    readonly compensated: string[];
    readonly failed: { name: string; error: string }[];
    readonly unreached: string[];
  };
  readonly lines: Line[];
  readonly stderr: string;
}

const trigger = (flow: string, ...words: string[]) => start('trigger', flow, ...words);
const resume = (flow: string, origin: string, ...words: string[]) =>
  start('resume', flow, '--origin-run-id', origin, ...words);

async function start(verb: string, flow: string, ...words: string[]): Promise<Undone> {
  const result = await mft([verb, flow, ...words, '--wait', '--json'], at);
  const said = lastJson(result.stdout) as unknown as Omit<Undone, 'lines' | 'stderr'> | undefined;
  expect(said, result.stderr).toBeDefined();
  expect(result.status).toBe(1);
  return { ...said!, lines: linesOf(file, said!.runId), stderr: result.stderr };
}

/** Undone was what had completed, the last first, each once, and the handlers did run in that order. */
async function expectReversed({ workflowId, lines, compensation }: Undone, steps: string[]): Promise<string[]> {
  const { completed, undone } = await ordersOf(bench.client, workflowId, steps);
  expect(undone).toEqual(completed.toReversed());
  expect(lines.map(({ task }) => task)).toEqual(undone);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
  expect(compensation).toMatchObject({ total: undone.length, failed: [], unreached: [] });
  return undone;
}

const handlers = ({ lines }: Undone) => lines.map(({ handler }) => handler);

describe('with a worker', () => {
  beforeAll(() => serve().then(() => undefined), 60_000);

  it.each([['BookingFlow'], ['BookingStepsFlow']])('%s: cancels the flight, then the hotel', async (flow) => {
    const undone = await trigger(flow);
    expect(undone).toMatchObject({
      status: 'failed',
      error: { step: 'confirm', type: 'RuntimeError', message: expect.stringContaining('Payment declined') },
      compensation: { compensated: ['book_flight', 'book_hotel'] },
    });
    expect(undone.lines).toMatchObject([
      { handler: 'cancel_flight', value: 'seat 12A', attempt: 0 },
      { handler: 'cancel_hotel', value: 'room 7', attempt: 0 },
    ]);
    for (const line of undone.lines)
      expect(line).toMatchObject({
        ...{ failed_step: 'confirm', type: 'RuntimeError', message: 'Payment declined' },
        key: expect.stringContaining(undone.runId),
      });
    await expectReversed(undone, ['book_hotel', 'book_flight']);
    // Handlers are no tasks, and what they did is known of the task that they undid.
    const seen = '[sorted(s.id for s in run), run["book_hotel"].task.metadata_dict["temporal-compensation"]]';
    const [steps, told] = (await ask(bench, undone.pathspec, seen)) as [string[], string];
    expect(steps).toEqual(['book_flight', 'book_hotel', 'confirm', 'start']);
    expect(JSON.parse(told)).toMatchObject({ handler: 'cancel_hotel', ok: true, attempt: 0 });
  });

  it('two branches, of which one fails while another goes on', async () => {
    const undone = await trigger('BranchesFlow');
    expect(undone.error).toMatchObject({ step: 'failing', type: 'ValueError' });
    expect(handlers(undone)).toEqual(['undo_after_quick', 'undo_quick', 'undo_start']);
    await expectReversed(undone, ['start', 'quick', 'after_quick', 'endless']);
  });

  it('a foreach of 50, and its join fails', async () => {
    const undone = await trigger('WideFlow', 'width=50');
    expect(undone.error).toMatchObject({ step: 'join', message: expect.stringContaining('the join fails') });
    await expectReversed(undone, ['start', 'body']);
    const bodies = undone.lines.filter(({ handler }) => handler === 'undo_body');
    expect(bodies.toSorted((a, b) => a.index! - b.index!)).toMatchObject(
      Array.from({ length: 50 }, (_, index) => ({ index, input: `item ${index}`, value: `ITEM ${index}` })),
    );
    expect(undone.lines.at(-1)).toMatchObject({ handler: 'undo_start', value: 50 });
  });

  it('the same, four at a time', async () => {
    const undone = await trigger('WideFlow', 'width=12', '--compensate-parallel', '4');
    expect(undone.compensation).toMatchObject({ total: 13, failed: [], unreached: [] });
    expect(new Set(undone.lines.map(({ task }) => task)).size).toBe(13);
    expect(undone.lines).toHaveLength(13);
    expect(undone.lines.at(-1)!.handler).toBe('undo_start');
  });

  it('a foreach within a foreach', async () => {
    const undone = await trigger('NestedFlow');
    await expectReversed(undone, ['work', 'gather']);
    expect(handlers(undone).filter((handler) => handler === 'undo_work')).toHaveLength(9);
    const gathers = undone.lines.filter(({ handler }) => handler === 'undo_gather').map(({ value }) => value);
    expect(gathers).toHaveLength(3);
    expect(gathers).toEqual(expect.arrayContaining([['b1', 'b2', 'b3']]));
    const work = undone.lines.find(({ task }) => task === 'temporal-work-2_1-0');
    expect(work).toMatchObject({ value: 'c2', stack: [2, 1] });
  });

  it('the branch of a switch that was taken, and each round of a loop', async () => {
    const undone = await trigger('ChoicesFlow');
    expect(handlers(undone)).toEqual([...Array<string>(4).fill('undo_round'), 'undo_left']);
    expect(undone.lines.map(({ value }) => value).slice(0, 4)).toEqual([4, 3, 2, 1]);
    await expectReversed(undone, ['left', 'right', 'round']);
  });

  it('each task of a gang', async () => {
    const undone = await trigger('GangFlow');
    expect(undone.error).toMatchObject({ step: 'join', type: 'ValueError' });
    expect(undone.compensation).toMatchObject({ total: 3, failed: [], unreached: [] });
    expect(handlers(undone)).toEqual(Array<string>(3).fill('undo_train'));
    expect(undone.lines.map(({ value, index }) => [value, index]).toSorted()).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(new Set(undone.lines.map(({ key }) => key)).size).toBe(3);
  });

  it('a failure within a foreach: what runs is cancelled, what ended is undone', async () => {
    const undone = await trigger('WideFlow', 'width=20', 'fail-at=7');
    expect(undone.error).toMatchObject({ step: 'body', message: expect.stringContaining('index 7 fails') });
    const tasks = await expectReversed(undone, ['start', 'body']);
    expect(tasks).not.toContain('temporal-body-7-0');
    expect(undone.lines.every(({ message }) => message.includes('index 7 fails'))).toBe(true);
  });

  it('a handler that fails is told of, and stops no other', async () => {
    const undone = await trigger('BookingFlow', 'line-down=true');
    expect(undone.error).toMatchObject({ step: 'confirm', type: 'RuntimeError' });
    expect(undone.compensation).toMatchObject({
      total: 2,
      compensated: ['book_hotel'],
      failed: [{ name: 'book_flight', error: expect.stringContaining('no line to the airline') }],
      unreached: [],
    });
    expect(undone.lines.map(({ handler, attempt }) => [handler, attempt])).toEqual([
      ['cancel_flight', 0],
      ['cancel_flight', 1],
      ['cancel_hotel', 0],
    ]);
    expect(new Set(undone.lines.slice(0, 2).map(({ key }) => key)).size).toBe(1);
    expect(undone.stderr).toMatch(/1 compensated, 1 failed \(book_flight: .*no line to the airline/);
    const status = await mft(['status', undone.pathspec], at);
    expect(status.stdout).toMatch(/no line to the airline/);
  });

  it('a run that is cancelled', async () => {
    const waiting = trigger('BookingFlow', 'wait=60', '--tag', 'to-cancel');
    const workflowId = await openRun('BookingFlow');
    await mft(['cancel', workflowId], at);
    const undone = await waiting;
    expect(undone.status).toBe('cancelled');
    expect(handlers(undone)).toEqual(['cancel_flight', 'cancel_hotel']);
    expect(undone.lines[0]).toMatchObject({ failed_step: null });
    await expectReversed(undone, ['book_hotel', 'book_flight']);
  });

  it('a run that is terminated, if asked to', async () => {
    const waiting = trigger('BookingFlow', 'wait=60');
    const workflowId = await openRun('BookingFlow');
    const asked = await mft(['terminate', workflowId, '--compensate', '--reason', 'wrong trip'], at);
    expect(asked.status, asked.stderr).toBe(0);
    const undone = await waiting;
    expect(undone).toMatchObject({ status: 'terminated', error: { message: expect.stringContaining('wrong trip') } });
    expect(handlers(undone)).toEqual(['cancel_flight', 'cancel_hotel']);
  });

  it('a run that takes too long', async () => {
    const undone = await trigger('BookingFlow', 'wait=60', '--workflow-timeout', '6');
    expect(undone.status).toBe('timed_out');
    expect(undone.lines[0]).toMatchObject({ failed_step: null, type: 'WorkflowTimeout' });
    expect(handlers(undone)).toEqual(['cancel_flight', 'cancel_hotel']);
  });

  it('a run that was undone is resumed: what was undone runs again, and what came after it', async () => {
    const undone = await trigger('BookingFlow');
    const again = await resume('BookingFlow', undone.runId);
    expect(again.error).toMatchObject({ step: 'confirm', message: expect.stringContaining('Payment declined') });
    const cloned = '{s.id: "origin-task-id" in s.task.metadata_dict for s in run}';
    expect(await ask(bench, again.pathspec, cloned)).toEqual({
      ...{ start: true, book_hotel: false, book_flight: false, confirm: false },
    });
    expect(handlers(again)).toEqual(['cancel_flight', 'cancel_hotel']);
  });

  it('a run that was not undone is resumed: what was taken over is undone if asked to', async () => {
    const waiting = trigger('BookingFlow', 'wait=6');
    await mft(['terminate', await openRun('BookingFlow')], at);
    const { runId, status, compensation } = await waiting;
    expect([status, compensation]).toEqual(['terminated', undefined]);
    const [plain, asked] = await Promise.all([
      resume('BookingFlow', runId),
      resume('BookingFlow', runId, '--compensate-cloned'),
    ]);
    expect(handlers(plain)).toEqual([]);
    expect(plain.compensation).toBeUndefined();
    expect(handlers(asked)).toEqual(['cancel_flight', 'cancel_hotel']);
    expect(asked.lines[0]).toMatchObject({ value: 'seat 12A', failed_step: 'confirm' });
  });

  const WIDTH = process.env.MFT_E2E_LARGE ? 1000 : 160;

  it(`a foreach of ${WIDTH} over child workflows: block by block`, { timeout: 600_000 }, async () => {
    const limits = { childThreshold: 100, childSize: WIDTH / 4, childrenAtOnce: 2, childWindow: 12, undoInline: 20 };
    const workflowId = `WideFlow-children-${WIDTH}`;
    const handle = await bench.client.workflow.start('MetaflowWorkflow', {
      ...{ taskQueue: 'metaflow-WideFlow', workflowId },
      args: [{ params: { width: WIDTH }, limits }],
    });
    await expect(handle.result()).rejects.toThrow();
    const lines = linesOf(file, `temporal-${workflowId}`);
    expect(lines).toHaveLength(WIDTH + 1);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(WIDTH + 1);
    expect(lines.at(-1)!.handler).toBe('undo_start');
    // Each child's tasks without another's between them, and in the reverse of the order in which that child had them.
    const blocks = lines.slice(0, -1).map(({ index }) => Math.floor(index! / (WIDTH / 4)));
    const order = blocks.filter((block, i) => block !== blocks[i - 1]);
    expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    for (const block of order) {
      const from = block * (WIDTH / 4);
      const child = `${workflowId}.body.${from}-${from + WIDTH / 4}`;
      const { completed } = await ordersOf(bench.client, child, ['body']);
      expect(lines.filter((_, i) => blocks[i] === block).map(({ task }) => task)).toEqual(completed.toReversed());
    }
  });
});

describe.runIf(process.platform === 'linux')('a worker that is killed while it undoes', () => {
  it('leaves the rest to the next one, and no more than the handler that was cut off runs again', async () => {
    const first = await serve();
    const waiting = trigger('BookingFlow', 'slow=3');
    const workflowId = await openRun('BookingFlow');
    const runId = `temporal-${workflowId}`;
    await until(() => linesOf(file, runId).length === 1, { timeout: 60_000, what: 'the first handler to end' });
    await until(async () => (await ordersOf(bench.client, workflowId, ['none'])).undone.length === 2, {
      what: 'the second handler to be begun',
    });
    first.kill();
    await serve();
    const undone = await waiting;
    expect(undone.compensation).toMatchObject({ total: 2, failed: [], unreached: [] });
    expect(handlers(undone)).toEqual(['cancel_flight', 'cancel_hotel']);
    expect(undone.error).toMatchObject({ message: expect.stringContaining('Payment declined') });
  });
});

it('the same flows run under plain metaflow run, where nothing is undone', async () => {
  const directory = path.join(bench.directory, 'plain');
  const env = isolated(directory, {
    SAGA_LOG: `${file}.plain`,
    PYTHONPATH: path.join(ROOT, 'packages/metaflow-extension/python'),
  });
  for (const name of ['booking', 'booking_steps']) {
    const result = await run(python(), [path.join(FIXTURES, `${name}.py`), '--no-pylint', 'run'], {
      cwd: directory,
      env,
    });
    expect(result.stdout + result.stderr).toContain('Payment declined');
    expect(result.status).toBe(1);
  }
  expect(linesOf(`${file}.plain`, '')).toEqual([]);
});

/** The workflow id of the run of this flow that is at its last step. */
async function openRun(flow: string): Promise<string> {
  return until(
    async () => {
      const query = `WorkflowType = "MetaflowWorkflow" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "${flow}-"`;
      for await (const { workflowId } of bench.client.workflow.list({ query })) {
        const { completed } = await ordersOf(bench.client, workflowId, ['book_flight']);
        if (completed.length > 0) return workflowId;
      }
      return undefined;
    },
    { timeout: 60_000, every: 300, what: `a run of ${flow} that has booked` },
  );
}
