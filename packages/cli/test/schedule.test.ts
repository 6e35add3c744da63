import { describe, expect, it } from 'vitest';
import { scheduleOf } from '../src/schedule-flags.js';
import { scheduleJson, scheduleLine } from '../src/schedule-state.js';

describe('options of create', () => {
  it('say how the schedule behaves, and nothing where none is given', () => {
    expect(scheduleOf({})).toBeUndefined();
    expect(scheduleOf({ schedule: false })).toEqual({ active: false });
    expect(
      scheduleOf({ scheduleOverlap: 'skip', scheduleCatchup: '60', scheduleJitter: '0', schedulePauseOnFailure: true }),
    ).toEqual({ overlap: 'skip', catchup: 60, jitter: 0, pauseOnFailure: true });
  });

  it.each([
    [{ scheduleCatchup: '9' }, '--schedule-catchup must be a whole number, 10 or more, not "9".'],
    [{ scheduleJitter: '1m' }, '--schedule-jitter must be a whole number, 0 or more, not "1m".'],
  ])('%o is refused', (flags, message) => {
    expect(() => scheduleOf(flags)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: message }) as Error,
    );
  });
});

describe('what create tells of a schedule', () => {
  const schedule = { cron: '@daily', timezone: 'Europe/Berlin' };
  const recorded = { name: 'F', flow: 'F', ...schedule, state: 'active' } as const;
  const next = '2026-12-01T23:00:00.000Z';

  it.each([
    [schedule, undefined, /, once the deployment is recorded$/],
    [schedule, { ...recorded, next }, /^@daily \(Europe\/Berlin\), next at 2026-12-0\d \d\d:\d\d:00 here$/],
    [schedule, recorded, /, never due again$/],
    [schedule, { ...recorded, state: 'paused', note: 'on holiday', next }, /, paused: on holiday$/],
    [{ ...schedule, active: false }, undefined, /, off: deployed without it, .*--schedule$/],
  ] as const)('%o, on record %o', (own, found, line) => {
    expect(scheduleLine(own, found)).toMatch(line);
  });

  it('is said to programs, too', () => {
    expect(scheduleJson(schedule, { ...recorded, next })).toEqual({ ...schedule, state: 'active', next });
    expect(scheduleJson({ cron: '@daily', active: false })).toEqual({ cron: '@daily', timezone: 'UTC', state: 'off' });
  });
});
