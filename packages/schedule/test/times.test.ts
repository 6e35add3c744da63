import { describe, expect, it } from 'vitest';
import { formatTime, nextRuns, parseTime, toScheduleSpec } from '@mft/schedule';

const timezone = 'Europe/Berlin';

describe('parseTime', () => {
  it.each([
    ['2026-11-30', '2026-11-29T23:00:00.000Z'],
    ['2026-11-30 06:00', '2026-11-30T05:00:00.000Z'],
    ['2026-07-01T06:00:30', '2026-07-01T04:00:30.000Z'],
    ['2026-07-01T06:00Z', '2026-07-01T06:00:00.000Z'],
    ['2026-07-01T06:00:00.000Z', '2026-07-01T06:00:00.000Z'],
    ['2026-07-01T06:00+05:30', '2026-07-01T00:30:00.000Z'],
    ['2026-07-01T06:00-0400', '2026-07-01T10:00:00.000Z'],
    // Clocks show it twice: the first.
    ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
  ])('%s in Berlin is %s', (text, expected) => {
    expect(parseTime(text, { timezone }).toISOString()).toBe(expected);
  });

  it.each(['tomorrow', '', '2026-02-29', '2026-04-31 00:00', '2026-03-29 02:30', '2026-01-01 24:00', '2026-1-1'])(
    'refuses %j',
    (text) => {
      expect(() => parseTime(text, { timezone })).toThrow(
        expect.objectContaining({ name: 'MftError', code: 'INVALID_TIME', exitCode: 2 }) as Error,
      );
    },
  );

  it.each([
    ['2026-11-30', '2026-11-30T22:59:59.999Z'],
    // A day of 25 hours.
    ['2026-10-25', '2026-10-25T22:59:59.999Z'],
    ['2026-11-30T06:00', '2026-11-30T05:00:00.000Z'],
  ])('%s as the last time in Berlin is %s', (text, expected) => {
    expect(parseTime(text, { timezone, last: true }).toISOString()).toBe(expected);
  });

  it('is in UTC by default', () => {
    expect(parseTime('2026-03-29 02:30').toISOString()).toBe('2026-03-29T02:30:00.000Z');
  });
});

describe('formatTime', () => {
  it('shows what clocks in a zone show', () => {
    const time = new Date('2026-11-29T23:05:09Z');
    expect(formatTime(time, { timezone })).toBe('Mon 2026-11-30 00:05:09');
    expect(formatTime(time)).toBe('Sun 2026-11-29 23:05:09');
  });
});

describe('names of time zones', () => {
  it('are given to Temporal in the case that it knows', () => {
    expect(toScheduleSpec('@daily', { timezone: 'europe/berlin' }).timezone).toBe('Europe/Berlin');
    expect(toScheduleSpec('@daily', { timezone: 'US/Pacific' }).timezone).toBe('US/Pacific');
  });

  it('are no offsets, which Temporal does not know', () => {
    expect(() => nextRuns('@daily', { timezone: '+01:00' })).toThrow('"+01:00" is not a time zone.');
  });
});
