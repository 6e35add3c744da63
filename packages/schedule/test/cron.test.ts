import { CronExpressionParser } from 'cron-parser';
import { describe, expect, it } from 'vitest';
import { nextRuns, parseCron, ScheduleError, toScheduleSpec } from '@mft/schedule';
import { REFUSED, TABLE } from './fixtures/table.js';

const from = new Date('2026-11-22T10:30:00Z');
const iso = (dates: Date[]) => dates.map((date) => date.toISOString().slice(0, 16));
const days = (cron: string, count: number) =>
  nextRuns(cron, { from, count }).map((date) => date.toISOString().slice(0, 10));

describe('nextRuns', () => {
  const plain = TABLE.flatMap(({ cron, plain: text }) => (text === undefined ? [] : [[cron, text] as const]));

  it.each(plain)('%s means what cron-parser makes of %s', (cron, text) => {
    const parser = CronExpressionParser.parse(text, { currentDate: from, tz: 'UTC' });
    expect(nextRuns(cron, { from, count: 12 })).toEqual(parser.take(12).map((date) => date.toDate()));
  });

  it('knows nearest weekdays, by the calendar of 2027', () => {
    // 1 August is a Sunday, 1 May and 15 May are Saturdays, 31 January and 31 October are Sundays, 31 July is a Saturday.
    expect(days('0 8 1W * ? 2027', 12).filter((day) => /-0(5|8)-/.test(day))).toEqual(['2027-05-03', '2027-08-02']);
    expect(days('0 8 15W 5 ? 2027', 3)).toEqual(['2027-05-14']);
    expect(days('0 8 31W * ? 2027', 12)).toEqual([
      '2027-01-29',
      '2027-03-31',
      '2027-05-31',
      '2027-07-30',
      '2027-08-31',
      '2027-10-29',
      '2027-12-31',
    ]);
  });

  it('knows last days, by the calendar of 2027 and 2028', () => {
    expect(days('0 8 L 2 ? *', 2)).toEqual(['2027-02-28', '2028-02-29']);
    expect(days('0 8 L-2 2 ? *', 2)).toEqual(['2027-02-26', '2028-02-27']);
    expect(days('0 8 LW 1,2,7 ? 2027', 3)).toEqual(['2027-01-29', '2027-02-26', '2027-07-30']);
  });

  it('skips the hour that a change of clocks skips', () => {
    const times = nextRuns('30 2 27-29 3 ? 2027', { from, timezone: 'Europe/Berlin', count: 5 });
    expect(iso(times)).toEqual(['2027-03-27T01:30', '2027-03-29T00:30']);
  });

  it('runs twice in the hour that one repeats, in order', () => {
    const times = nextRuns('0,30 2 31 10 ? 2027', { from, timezone: 'Europe/Berlin' });
    expect(iso(times)).toEqual(['2027-10-31T00:00', '2027-10-31T00:30', '2027-10-31T01:00', '2027-10-31T01:30']);
  });

  it('ends where the years end, and is quick about far ones', () => {
    expect(nextRuns('0 0 1 1 ? 2020', { from })).toEqual([]);
    expect(iso(nextRuns('* * * * ? 2099', { from, count: 2 }))).toEqual(['2099-01-01T00:00', '2099-01-01T00:01']);
  });

  it('gives ten times after now by default', () => {
    const times = nextRuns('* * * * *');
    expect(times).toHaveLength(10);
    expect(times[0]?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('toScheduleSpec', () => {
  it('writes calendars, and no cron that Temporal would read otherwise', () => {
    expect(toScheduleSpec('0 9-17/4 ? * 2-6 *', { timezone: 'Europe/Berlin' })).toEqual({
      timezone: 'Europe/Berlin',
      calendars: [
        {
          comment: '0 9-17/4 ? * 2-6 *',
          minute: [{ start: 0, end: 0, step: 1 }],
          hour: [{ start: 9, end: 17, step: 4 }],
          dayOfMonth: '*',
          month: '*',
          dayOfWeek: [{ start: 'MONDAY', end: 'FRIDAY', step: 1 }],
          year: '*',
        },
      ],
    });
  });

  it('makes two calendars where day or weekday suffices', () => {
    expect(parseCron('0 0 13 * 5')).toHaveLength(2);
  });

  it.each(REFUSED)('refuses %j with %s', (cron, code, says) => {
    let thrown: unknown;
    try {
      toScheduleSpec(cron);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ScheduleError);
    // The brand by which @mft/graph's isMftError knows an error.
    expect(thrown).toMatchObject({
      name: 'MftError',
      exitCode: 2,
      code,
      message: expect.stringContaining(says) as string,
    });
    expect((thrown as ScheduleError).message).toContain(`"${cron}"`);
    expect((thrown as ScheduleError).hint).toContain('five fields');
  });

  it('refuses a time zone that does not exist', () => {
    expect(() => toScheduleSpec('@daily', { timezone: 'Europe/Atlantis' })).toThrow(
      '"Europe/Atlantis" is not a time zone.',
    );
  });
});
