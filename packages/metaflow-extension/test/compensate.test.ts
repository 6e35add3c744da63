import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launcher, Place, Run } from './launcher.js';

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
    failure: { step: 'pay', type: 'ValueError', message: 'declined' },
    ...more,
  });

describe('a compensation handler', () => {
  it('sees the artifacts of its task, loaded when they are touched, and why it runs', async () => {
    const id = handler('cancel_room');
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    expect(launcher.lines(id, 'stdout')).toEqual(['Grace 42 pay ValueError declined k1 front temporal-start-0']);
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
});
