import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { python, ROOT } from '../lib/paths.mjs';
import { isolated, mft, run, until } from '../lib/process.mjs';
import { handlers, SAGAS, useSagaBench } from './saga-bench.js';
import { ask } from './support.js';
import { linesOf, ordersOf } from './undone.js';

/* What a run that does not complete undoes, however it ends: what comes of handlers that fail, of who resumes it, of a worker that is killed. */

const { bench, file, at, serve, trigger, resume, expectReversed, openRun } = useSagaBench({ booking: 'BookingFlow' });

describe('with a worker', () => {
  beforeAll(() => serve().then(() => undefined), 60_000);

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
    const result = await run(python(), [path.join(SAGAS, `${name}.py`), '--no-pylint', 'run'], {
      cwd: directory,
      env,
    });
    expect(result.stdout + result.stderr).toContain('Payment declined');
    expect(result.status).toBe(1);
  }
  expect(linesOf(`${file}.plain`, '')).toEqual([]);
});
