import { ANY_DAY, lengthOf, parseDayOfMonth, parseDayOfWeek } from './days.js';
import type { DayPattern } from './days.js';
import { ScheduleError } from './errors.js';
import { FieldError, HOUR, MINUTE, MONTH, WEEKDAYS, YEAR, allOf, parseList } from './field.js';
import type { Domain } from './field.js';

/** Times at which something is due: every minute of every hour of every day that fits one of the patterns. */
export interface Calendar extends DayPattern {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
}

/** Sunday is 0, and 7 too. */
const POSIX_WEEKDAY: Domain = { what: 'weekday', min: 0, max: 7, names: WEEKDAYS };
/** Sunday is 1. */
const AWS_WEEKDAY: Domain = { what: 'weekday', min: 1, max: 7, names: WEEKDAYS, wraps: true };

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const HINT =
  'Write five fields (minute hour day month weekday, Sunday is 0) or AWS\'s six (minute hour day month weekday year, Sunday is 1, "?" in day or weekday).';

/**
 * Reads a cron expression of Metaflow's: five fields as in crontab, or six as in AWS. Calendars of the result are to be united.
 *
 * - Five fields: Sunday is 0 or 7; where both day and weekday are given, either suffices.
 * - Six fields: the last is the year; Sunday is 1; day or weekday must be `?` or `*`.
 * - Both: `*`, `?`, lists, ranges, steps, names, `L`, `L-n`, `LW`, `nW`, `d#n`, `dL`, and `@daily` and its like.
 *
 * @throws ScheduleError INVALID_CRON, IMPOSSIBLE_CRON
 * @example
 * ```ts
 * parseCron('0 6 ? * MON-FRI *');
 * ```
 */
export function parseCron(cron: string): Calendar[] {
  const text = cron.trim();
  const fields = (NICKNAMES[text.toLowerCase()] ?? text).split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    throw new ScheduleError('INVALID_CRON', `Cron "${cron}" has ${text === '' ? 0 : fields.length} fields.`, HINT);
  }
  try {
    const calendars = united(fields).filter(isPossible);
    if (calendars.length > 0) return calendars;
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new ScheduleError('INVALID_CRON', `Cron "${cron}": ${error.message}.`, HINT);
  }
  throw new ScheduleError('IMPOSSIBLE_CRON', `Cron "${cron}" names a day that no calendar has.`, HINT);
}

function united(fields: readonly string[]): Calendar[] {
  const [minute = '', hour = '', day = '', month = '', weekday = '', year] = fields;
  const aws = year !== undefined;
  const minutes = parseList(minute, MINUTE);
  const hours = parseList(hour, HOUR);
  const months = parseList(month, MONTH);
  const years = !aws || year === '?' ? allOf(YEAR) : parseList(year, YEAR);
  const days = parseDayOfMonth(day);
  const weekdays = parseDayOfWeek(weekday, aws ? AWS_WEEKDAY : wrapping(weekday));
  if (aws && days && weekdays) throw new FieldError('of day and weekday one must be "?" in a six-field expression');
  const patterns = days || weekdays ? [...(days ?? []), ...(weekdays ?? [])] : [ANY_DAY];
  return patterns.map((pattern) => ({
    minutes,
    hours,
    days: pattern.days,
    weekdays: pattern.weekdays,
    months: pattern.months.filter((one) => months.includes(one)),
    years: pattern.years.filter((one) => years.includes(one)),
  }));
}

/** `FRI-MON` wraps where Sunday is 0 alone; where Sunday is written as 7 nothing needs to. */
function wrapping(weekday: string): Domain {
  return weekday.includes('7') ? POSIX_WEEKDAY : { ...POSIX_WEEKDAY, max: 6, wraps: true };
}

function isPossible({ days, weekdays, months, years }: Calendar): boolean {
  if (weekdays.length === 0) return false;
  return years.some((year) => months.some((month) => days.some((day) => day <= lengthOf(month, year))));
}
