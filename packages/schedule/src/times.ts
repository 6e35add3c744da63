import { ScheduleError } from './errors.js';
import type { CronOptions } from './spec.js';
import { checkTimezone, instantsOf } from './timezone.js';

/** Milliseconds. */
const DAY = 86_400_000;
const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/** How a time is read. */
export interface TimeOptions extends CronOptions {
  /** Whether a date alone is the last moment of that day, rather than the first. @defaultValue false */
  readonly last?: boolean;
}

/**
 * A time as a person writes it: `2026-11-30`, `2026-11-30 06:00`, ISO 8601. Without an offset it is what clocks in the zone show; of a
 * time that they show twice, the first. A date alone is its first moment, or its last.
 *
 * @throws ScheduleError INVALID_TIME where no calendar has it, or a change of clocks skips it; INVALID_TIMEZONE
 * @example
 * ```ts
 * parseTime('2026-11-30 06:00', { timezone: 'Europe/Berlin' }).toISOString(); // '2026-11-30T05:00:00.000Z'
 * ```
 */
export function parseTime(text: string, options: TimeOptions = {}): Date {
  const timezone = checkTimezone(options.timezone ?? 'UTC');
  const match = TIME.exec(text.trim());
  if (match !== null) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
      .slice(1, 7)
      .map((n?: string) => Number(n ?? 0));
    const wall = Date.UTC(year, month - 1, day, hour, minute, second);
    const wholeDay = options.last === true && match[4] === undefined && match[7] === undefined;
    // 31 April would be 1 May, and 24:00 the next day.
    const shown = new Date(wall);
    const exists = shown.getUTCMonth() === month - 1 && shown.getUTCDate() === day && minute < 60 && second < 60;
    const local = wholeDay ? instantsOf(wall + DAY - 1000, timezone).at(-1) : instantsOf(wall, timezone)[0];
    const instant = match[7] === undefined ? local : wall - offsetOf(match[7]);
    if (exists && hour < 24 && instant !== undefined) return new Date(instant + (wholeDay ? 999 : 0));
  }
  throw new ScheduleError(
    'INVALID_TIME',
    `"${text}" is not a time${match === null ? '' : ` that clocks in ${timezone} show`}.`,
    'Write it as 2026-11-30, 2026-11-30T06:00 (in the zone of the schedule) or 2026-11-30T06:00Z.',
  );
}

/**
 * A time as clocks in a zone show it, to the second.
 *
 * @throws ScheduleError INVALID_TIMEZONE
 * @example
 * ```ts
 * formatTime(new Date('2026-11-30T05:00:00Z'), { timezone: 'Europe/Berlin' }); // 'Mon 2026-11-30 06:00:00'
 * ```
 */
export function formatTime(time: Date, options: CronOptions = {}): string {
  const timeZone = checkTimezone(options.timezone ?? 'UTC');
  const weekday = time.toLocaleDateString('en-GB', { timeZone, weekday: 'short' });
  // Sweden writes times as ISO 8601 does, but for the T.
  return `${weekday} ${time.toLocaleString('sv-SE', { timeZone })}`;
}

function offsetOf(text: string): number {
  if (text === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
