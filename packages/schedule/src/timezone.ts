import { ScheduleError } from './errors.js';

const HOUR = 3_600_000;

/**
 * Check the name of a time zone.
 *
 * @returns the name it was given, in the case that the zone's files have: Temporal's server is particular about it
 * @throws ScheduleError INVALID_TIMEZONE
 */
export function checkTimezone(timezone: string): string {
  try {
    // Node may take offsets (+01:00), of which Temporal knows nothing.
    if (!/^[A-Za-z]/.test(timezone)) throw new RangeError();
    const { timeZone } = formatter(timezone).resolvedOptions();
    return timeZone.toLowerCase() === timezone.toLowerCase() ? timeZone : timezone;
  } catch {
    throw new ScheduleError(
      'INVALID_TIMEZONE',
      `"${timezone}" is not a time zone.`,
      'Write its IANA name, as "Europe/Berlin" or "America/New_York".',
    );
  }
}

/** What a clock on the wall shows at an instant, as if the wall were in UTC. Milliseconds since the epoch, both. */
export function wallOf(instant: number, timezone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(timezone).formatToParts(instant)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The instants at which a clock on the wall shows that time: none in a gap, two where an hour is repeated. */
export function instantsOf(wall: number, timezone: string): number[] {
  const offsets = [-24, 0, 24].map((hours) => wallOf(wall + hours * HOUR, timezone) - (wall + hours * HOUR));
  const instants = offsets.map((offset) => wall - offset).filter((instant) => wallOf(instant, timezone) === wall);
  return [...new Set(instants)].sort((a, b) => a - b);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timezone: string): Intl.DateTimeFormat {
  let found = formatters.get(timezone);
  if (found === undefined) {
    const two = '2-digit';
    const parts = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
    found = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', ...parts });
    formatters.set(timezone, found);
  }
  return found;
}
