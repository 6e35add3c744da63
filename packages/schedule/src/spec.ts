import type { CalendarSpec, ScheduleSpec } from '@temporalio/client';
import { DAY, HOUR, MINUTE, MONTH, YEAR } from './field.js';
import type { Domain } from './field.js';
import { parseCron } from './parse.js';
import { checkTimezone } from './timezone.js';

export interface CronOptions {
  /** IANA name, as `Europe/Berlin`. @defaultValue 'UTC' */
  readonly timezone?: string;
}

/**
 * Turns a cron expression of Metaflow's, in either of its spellings, into a specification that Temporal accepts and that means the same.
 * In the hour that a change of clocks skips nothing runs; in the hour that it repeats Temporal runs things once or twice.
 *
 * @param cron - five fields as in crontab, or six as in AWS; see {@link parseCron}
 * @throws ScheduleError INVALID_CRON, IMPOSSIBLE_CRON, INVALID_TIMEZONE
 * @example
 * ```ts
 * await client.schedule.create({ scheduleId: 'report', spec: toScheduleSpec('0 6 ? * MON-FRI *', { timezone: 'Europe/Berlin' }), action });
 * ```
 */
export function toScheduleSpec(cron: string, options: CronOptions = {}): ScheduleSpec {
  const timezone = checkTimezone(options.timezone ?? 'UTC');
  const calendars = parseCron(cron).map(({ minutes, hours, days, months, weekdays, years }): CalendarSpec => ({
    comment: cron,
    minute: ranges(minutes, MINUTE, same),
    hour: ranges(hours, HOUR, same),
    dayOfMonth: ranges(days, DAY, same),
    month: ranges(months, MONTH, (month) => MONTH_NAMES[month - 1] ?? 'JANUARY'),
    dayOfWeek: ranges(weekdays, { what: 'weekday', min: 0, max: 6 }, (day) => DAY_NAMES[day] ?? 'SUNDAY'),
    year: ranges(years, YEAR, same),
  }));
  return { calendars, timezone };
}

const MONTH_NAMES = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;
const DAY_NAMES = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

const same = (number: number): number => number;

interface SpecRange<T> {
  readonly start: T;
  readonly end: T;
  readonly step: number;
}

/** Sorted numbers as the fewest ranges that a simple look from the left finds; all of a domain as `*`. */
function ranges<T>(numbers: readonly number[], domain: Domain, name: (number: number) => T): SpecRange<T>[] | '*' {
  if (numbers.length === domain.max - domain.min + 1) return '*';
  const found: SpecRange<T>[] = [];
  for (let at = 0; at < numbers.length;) {
    const start = numbers[at] ?? 0;
    const step = Math.max(1, (numbers[at + 1] ?? start + 1) - start);
    let length = 1;
    while (numbers[at + length] === start + length * step) length += 1;
    if (length === 2 && step > 1) length = 1;
    found.push({ start: name(start), end: name(start + (length - 1) * step), step: length === 1 ? 1 : step });
    at += length;
  }
  return found;
}
