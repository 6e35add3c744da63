/*
 * Days that a plain calendar does not know: last day, nearest weekday, third Friday. Each becomes a union of patterns, each of
 * which a plain calendar does know. Patterns are needed by length of the month, since "last" is another number in each.
 */
import { DAY, FieldError, MONTH, YEAR, allOf, parseList, parseValue, sequence } from './field.js';
import type { Domain } from './field.js';

/** Days on which something may happen: all four conditions at once. */
export interface DayPattern {
  readonly days: readonly number[];
  /** 0 = Sunday. */
  readonly weekdays: readonly number[];
  readonly months: readonly number[];
  readonly years: readonly number[];
}

export const ANY_DAY: DayPattern = {
  days: allOf(DAY),
  weekdays: sequence(0, 6, 1),
  months: allOf(MONTH),
  years: allOf(YEAR),
};

const WORKDAYS = sequence(1, 5, 1);
const MONDAY = [1];
const FRIDAY = [5];

/** Months of one length. */
interface MonthClass {
  readonly length: number;
  readonly months: readonly number[];
  readonly years: readonly number[];
}

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

const CLASSES: readonly MonthClass[] = [
  { length: 31, months: [1, 3, 5, 7, 8, 10, 12], years: ANY_DAY.years },
  { length: 30, months: [4, 6, 9, 11], years: ANY_DAY.years },
  { length: 29, months: [2], years: ANY_DAY.years.filter(isLeap) },
  { length: 28, months: [2], years: ANY_DAY.years.filter((year) => !isLeap(year)) },
];

/** Length of a month of that year. */
export function lengthOf(month: number, year: number): number {
  return month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/**
 * The day-of-month field.
 *
 * @returns undefined where any day will do
 * @throws FieldError
 * @example
 * ```ts
 * parseDayOfMonth('1,L'); // the first and the last of each month
 * ```
 */
export function parseDayOfMonth(field: string): DayPattern[] | undefined {
  if (field === '*' || field === '?') return undefined;
  return field.split(',').flatMap((part): DayPattern[] => {
    const last = /^L(?:-(\d+))?(W)?$/i.exec(part);
    if (last) return lastDay(Number(last[1] ?? 0), last[2] !== undefined);
    const nearest = /^(\d+)W$/i.exec(part);
    if (nearest) return nearestWorkday(parseValue(nearest[1] ?? '', DAY));
    return [{ ...ANY_DAY, days: parseList(part, DAY) }];
  });
}

/**
 * The day-of-week field, 0 = Sunday in the result.
 *
 * @param domain - how the expression numbers its weekdays
 * @returns undefined where any day will do
 * @throws FieldError
 * @example
 * ```ts
 * parseDayOfWeek('6#3', AWS_WEEKDAY); // the third Friday of each month
 * ```
 */
export function parseDayOfWeek(field: string, domain: Domain): DayPattern[] | undefined {
  if (field === '*' || field === '?') return undefined;
  const value = (text: string): number => (parseValue(text, domain) - (domain.min === 1 ? 1 : 0)) % 7;
  return field.split(',').flatMap((part): DayPattern[] => {
    const ordinal = /^(\w+)#(\w+)$/.exec(part);
    if (ordinal) return [nthWeekday(value(ordinal[1] ?? ''), parseOrdinal(ordinal[2] ?? '', part))];
    const last = /^(\w+)L$/i.exec(part);
    if (last) return lastWeekday(value(last[1] ?? ''));
    if (/^L$/i.test(part)) {
      if (domain.min !== 1) throw new FieldError('"L" as day of week says which day only in a six-field expression');
      return [{ ...ANY_DAY, weekdays: [6] }];
    }
    const shift = domain.min === 1 ? 1 : 0;
    const weekdays = [...new Set(parseList(part, domain).map((day) => (day - shift) % 7))].sort();
    return [{ ...ANY_DAY, weekdays }];
  });
}

function parseOrdinal(text: string, part: string): number {
  if (!/^[1-5]$/.test(text)) throw new FieldError(`"${part}": a month has a first to a fifth weekday (#1-#5)`);
  return Number(text);
}

function lastDay(before: number, workday: boolean): DayPattern[] {
  if (before > 30) throw new FieldError(`"L-${before}" lies before the month`);
  if (before > 0 && workday) throw new FieldError(`"L-${before}W" is not supported: write LW or L-${before}`);
  return CLASSES.flatMap(({ length, months, years }): DayPattern[] => {
    const on = (days: readonly number[], weekdays: readonly number[]) => ({ days, weekdays, months, years });
    if (workday) return [on([length], WORKDAYS), on([length - 2, length - 1], FRIDAY)];
    return length - before < 1 ? [] : [on([length - before], ANY_DAY.weekdays)];
  });
}

/** Saturday gives way to Friday and Sunday to Monday, unless that is in another month. */
function nearestWorkday(day: number): DayPattern[] {
  const classes = day < 28 ? [{ length: 31, months: ANY_DAY.months, years: ANY_DAY.years }] : CLASSES;
  return classes
    .filter(({ length }) => day <= length)
    .flatMap(({ length, months, years }): DayPattern[] => {
      const on = (one: number, weekdays: readonly number[]) => ({ days: [one], weekdays, months, years });
      const saturday = day === 1 ? on(3, MONDAY) : on(day - 1, FRIDAY);
      const sunday = day === length ? on(day - 2, FRIDAY) : on(day + 1, MONDAY);
      return [on(day, WORKDAYS), saturday, sunday];
    });
}

function nthWeekday(weekday: number, nth: number): DayPattern {
  return { ...ANY_DAY, weekdays: [weekday], days: sequence(7 * nth - 6, Math.min(7 * nth, 31), 1) };
}

function lastWeekday(weekday: number): DayPattern[] {
  return CLASSES.map(({ length, months, years }) => ({
    days: sequence(length - 6, length, 1),
    weekdays: [weekday],
    months,
    years,
  }));
}
