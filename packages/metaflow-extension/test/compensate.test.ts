import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launcher, type Message, Place, Run } from './launcher.js';

const place = new Place();
let launcher: Launcher;
let run: Run;
afterAll(() => place.dispose());

beforeAll(async () => {
  launcher = await place.launch('booking.py');
  run = await Run.open(launcher, 'temporal-booking', { params: { guest: 'Grace' } });
  expect(await run.start()).toMatchObject({ ok: true });
});

const handler = (name: string, more = {}) =>
  launcher.begin({
    op: 'compensate',
    run_id: run.id,
    step: 'start',
    task_id: 'temporal-start-0',
    handler: name,
    key: 'k1',
    timeout: 300,
    attempt: 2,
    failure: { step: 'pay', type: 'ValueError', message: 'declined' },
    ...more,
  });

describe('a compensation handler', () => {
  it('sees the artifacts of its task, loaded when they are touched, and why it runs', async () => {
    const id = handler('cancel_room');
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    expect(launcher.lines(id, 'stdout')).toEqual(['Grace 42 pay ValueError declined k1 2 front temporal-start-0']);
    const seen = place.client(`t = Task("BookingFlow/temporal-booking/start/temporal-start-0")
print(json.dumps([t.data.room, t.stdout, t.current_attempt, t.successful]))`);
    expect(seen).toEqual([42, '', 0, true]);
  });

  it('may be async, may fail, must not hang', async () => {
    const id = handler('cancel_later');
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    expect(launcher.lines(id, 'stdout')).toEqual(['cancelled later']);
    const failed = await launcher.answer(handler('cancel_fails'));
    expect(failed).toMatchObject({
      ok: false,
      error: { kind: 'failed', type: 'ConnectionError', message: 'ConnectionError: no line' },
    });
    const hung = await launcher.answer(handler('cancel_hangs', { timeout: 0.5 }));
    expect(hung).toMatchObject({
      ok: false,
      error: { kind: 'failed', type: 'CompensationTimeout', signal: 'SIGKILL' },
    });
  });

  it('leaves how it ended in the metadata of its task, and nothing else there', async () => {
    const files = () =>
      readdirSync(join(place.directory, '.metaflow/BookingFlow', run.id, 'start/temporal-start-0')).sort();
    const before = files();
    const reports = () =>
      place.client(`t = Task("BookingFlow/${run.id}/start/temporal-start-0")
print(json.dumps(sorted((json.loads(m.value) for m in t.metadata if m.name == "temporal-compensation"), key=lambda r: r["handler"])))`) as Message[];
    const count = reports().length;
    await launcher.answer(handler('talk'));
    await launcher.answer(handler('talk_and_fail', { attempt: 1 }));
    const talked = reports().filter(({ handler: name }) => String(name).startsWith('talk'));
    expect(reports()).toHaveLength(count + 2);
    expect(talked[0]).toEqual({ handler: 'talk', ok: true, attempt: 2, stdout: 'cancelled\n', stderr: 'slowly\n' });
    const failed = talked[1];
    expect(failed).toMatchObject({
      handler: 'talk_and_fail',
      ok: false,
      attempt: 1,
      error: { type: 'ConnectionError', message: 'ConnectionError: no line' },
    });
    // Of much output the end, in whole lines.
    expect(failed!['stdout']).toMatch(/^line \d+ x+\n(line \d+ x+\n)+last line\n$/);
    expect(failed!['stdout'].length).toBeLessThanOrEqual(4096);
    expect(failed!['stderr']).toMatch(/ConnectionError: no line\n+$/);
    expect(files().filter((name) => !before.includes(name))).toEqual([]);
    expect(place.client(`print(json.dumps(Task("BookingFlow/${run.id}/start/temporal-start-0").stdout))`)).toBe('');
  });

  it('cannot move the run on, may end by sys.exit, and may say that another try is no use', async () => {
    expect(await launcher.answer(handler('goes_on'))).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('cannot call self.next') },
    });
    expect(await launcher.answer(handler('leaves'))).toMatchObject({ ok: true });
    expect(await launcher.answer(handler('gives_up'))).toMatchObject({ ok: false, error: { retry: false } });
    expect(await launcher.answer(handler('dies'))).toMatchObject({
      ok: false,
      error: {
        kind: 'failed',
        signal: 'SIGKILL',
        message: expect.stringMatching(/^The handler was killed by SIGKILL/),
      },
    });
  });

  it('reports a task that is not there, a request without a handler, and a cancelled handler', async () => {
    expect(await launcher.answer(handler('cancel_room', { task_id: 'temporal-start-7' }))).toMatchObject({
      ok: false,
      error: { kind: 'failed', type: 'DataException' },
    });
    expect(await launcher.ask({ op: 'compensate', run_id: run.id, step: 'start', task_id: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'BAD_REQUEST' },
    });
    const id = handler('cancel_hangs');
    await launcher.event(id, 'log', ({ line }) => line === 'hanging');
    await launcher.ask({ op: 'cancel', of: id, grace: 1 });
    expect(await launcher.answer(id)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
  });

  it('is answered, and in the metadata, though the planner dies meanwhile', async () => {
    const planner = launcher.planner();
    const id = handler('slowly');
    await launcher.event(id, 'log', ({ line }) => line === 'begun');
    process.kill(planner, 'SIGKILL');
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    const names = `t = Task("BookingFlow/${run.id}/start/temporal-start-0")
print(json.dumps([json.loads(m.value)["handler"] for m in t.metadata if m.name == "temporal-compensation"]))`;
    expect(place.client(names)).toContain('slowly');
  });

  it('succeeds though its metadata cannot be written', async () => {
    const folder = join(place.directory, '.metaflow/BookingFlow', run.id, 'start/temporal-start-0/_meta');
    renameSync(folder, folder + '-away');
    writeFileSync(folder, 'in the way');
    expect(await launcher.answer(handler('cancel_later'))).toMatchObject({ ok: true });
    // What it prints and what it answers come on two lines, in no order.
    const printed = `mft: cancel_later of ${run.id}/start is not in its metadata:`;
    await expect.poll(() => launcher.text, { timeout: 10_000 }).toContain(printed);
    rmSync(folder);
    renameSync(folder + '-away', folder);
  });
});

describe('what a handler reads', () => {
  it('is what it touches, and nothing else', async () => {
    const reading = await place.launch('reading.py');
    const run = await Run.open(reading, 'temporal-reading');
    await run.start();
    await run.after('end');
    const undo = async (step: string, name: string) => {
      const request = { op: 'compensate', run_id: run.id, step, task_id: `temporal-${step}-0`, handler: name };
      const id = reading.begin({ ...request, key: 'k', timeout: 60, failure: {} });
      expect(await reading.answer(id)).toMatchObject({ ok: true });
      return reading.lines(id, 'stdout');
    };
    expect(await undo('start', 'undo')).toEqual(['read before: 0, after: 1, room 42']);
    expect(await undo('end', 'undo_end')).toEqual(['heavy artifact loaded', '4194304 bytes, read: 1']);
  });
});
