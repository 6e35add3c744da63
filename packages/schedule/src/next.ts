/*
 * N1. cron-parser walks over times as a wall clock shows them, in UTC, where no hour is skipped or repeated; only then are they turned
 *     into instants: none for a time that a change of clocks skips, two for one that it repeats.
 * N2. It gets expressions of five fields with a free weekday: it would take a sixth field for seconds, and day and weekday for
 *     alternatives. Weekday and year are checked here.
 */
import { CronExpressionParser } from 'cron-parser';
import { parseCron } from './parse.js';
import type { Calendar } from './parse.js';
import type { CronOptions } from './spec.js';
import { checkTimezone, instantsOf, wallOf } from './timezone.js';

export interface NextRunsOptions extends CronOptions {
  /** How many. @defaultValue 10 */
  readonly count?: number;
  /** Times after this one. @defaultValue now */
  readonly from?: Date;
}

/** Longest change of clocks, with room to spare. */
const SHIFT = 3 * 3_600_000;

/**
 * The next times at which a schedule is due. Fewer than asked for where the expression's years end. Temporal agrees, but leaves out
 * some of the times in an hour that a change of clocks repeats.
 *
 * @throws ScheduleError INVALID_CRON, IMPOSSIBLE_CRON, INVALID_TIMEZONE
 * @example
 * ```ts
 * nextRuns('0 9 L * ? *', { timezone: 'Europe/Berlin', count: 3 });
 * ```
 */
export function nextRuns(cron: string, options: NextRunsOptions = {}): Date[] {
  const timezone = checkTimezone(options.timezone ?? 'UTC');
  const { count = 10, from = new Date() } = options;
  const due = new Set<number>();
  for (const calendar of parseCron(cron)) {
    for (const instant of firstOf(calendar, timezone, from.getTime(), count)) due.add(instant);
  }
  return [...due]
    .sort((a, b) => a - b)
    .slice(0, count)
    .map((instant) => new Date(instant));
}

/** At least the first `count` instants of one calendar, if it has as many. */
function firstOf(calendar: Calendar, timezone: string, from: number, count: number): number[] {
  const instants: number[] = [];
  let enough = Infinity;
  for (const wall of walls(calendar, wallOf(from, timezone) - SHIFT)) {
    if (wall > enough) break;
    instants.push(...instantsOf(wall, timezone).filter((instant) => instant > from));
    // An hour that is repeated puts later walls before earlier ones: look a little further.
    if (instants.length >= count && enough === Infinity) enough = wall + SHIFT;
  }
  return instants;
}

/** Times on a wall clock, in order. */
function* walls(calendar: Calendar, from: number): Generator<number, void, undefined> {
  const { minutes, hours, days, months, weekdays, years } = calendar;
  const expression = [minutes, hours, days, months].map((field) => field.join(',')).join(' ') + ' *';
  for (const year of years) {
    const end = Date.UTC(year + 1, 0, 1);
    if (end <= from) continue;
    const currentDate = new Date(Math.max(from, Date.UTC(year, 0, 1)) - 1);
    const times = CronExpressionParser.parse(expression, { currentDate, endDate: new Date(end - 1), tz: 'UTC' });
    while (times.hasNext()) {
      const time = times.next().toDate();
      if (time.getTime() >= end) break;
      if (weekdays.includes(time.getUTCDay())) yield time.getTime();
    }
  }
}
