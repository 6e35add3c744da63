/** What one field of a cron expression may hold. */
export interface Domain {
  readonly what: string;
  readonly min: number;
  readonly max: number;
  /** Three-letter names, the first of which stands for `min`. */
  readonly names?: readonly string[];
  /** Ranges may wrap around the end (`FRI-MON`). */
  readonly wraps?: boolean;
}

export const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
export const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const MINUTE: Domain = { what: 'minute', min: 0, max: 59, wraps: true };
export const HOUR: Domain = { what: 'hour', min: 0, max: 23, wraps: true };
export const DAY: Domain = { what: 'day of month', min: 1, max: 31 };
export const MONTH: Domain = { what: 'month', min: 1, max: 12, names: MONTHS, wraps: true };
/** Years that Temporal's calendars know. */
export const YEAR: Domain = { what: 'year', min: 2000, max: 2100 };

/** Says in a few words what is wrong with a field; {@link parseCron} makes a whole error of it. */
export class FieldError extends Error {}

/** All numbers of a domain. */
export function allOf(domain: Domain): number[] {
  return sequence(domain.min, domain.max, 1);
}

/** `start, start + step, …` up to and including `end`. */
export function sequence(start: number, end: number, step: number): number[] {
  const numbers: number[] = [];
  for (let number = start; number <= end; number += step) numbers.push(number);
  return numbers;
}

/** One number or name. */
export function parseValue(text: string, domain: Domain): number {
  const name = domain.names?.indexOf(text.toUpperCase()) ?? -1;
  if (name >= 0) return domain.min + name;
  if (!/^\d+$/.test(text)) throw new FieldError(`"${text}" is not a ${domain.what}`);
  const number = Number(text);
  if (number < domain.min || number > domain.max) {
    throw new FieldError(`${domain.what} ${text} is not within ${domain.min}-${domain.max}`);
  }
  return number;
}

/**
 * A list of values, ranges and steps, as the numbers that it holds, in order.
 *
 * @throws FieldError
 * @example
 * ```ts
 * parseList('9-17/4,20', HOUR); // [9, 13, 17, 20]
 * ```
 */
export function parseList(text: string, domain: Domain): number[] {
  return [...new Set(text.split(',').flatMap((part) => parsePart(part, domain)))].sort((a, b) => a - b);
}

function parsePart(part: string, domain: Domain): number[] {
  const [span = '', stepText, ...more] = part.split('/');
  if (more.length > 0) throw new FieldError(`"${part}" has more than one step`);
  const step = stepText === undefined ? 1 : parseStep(stepText, part);
  if (span === '*') return sequence(domain.min, domain.max, step);
  const ends = span.split('-');
  if (ends.length > 2) throw new FieldError(`"${part}" is not a range`);
  const start = parseValue(ends[0] ?? '', domain);
  if (ends[1] === undefined) return stepText === undefined ? [start] : sequence(start, domain.max, step);
  const end = parseValue(ends[1], domain);
  if (start <= end) return sequence(start, end, step);
  if (domain.wraps !== true) throw new FieldError(`range ${span} of ${domain.what} runs backwards`);
  const size = domain.max - domain.min + 1;
  return sequence(start, end + size, step).map((number) => (number > domain.max ? number - size : number));
}

function parseStep(text: string, part: string): number {
  const step = Number(text);
  if (!/^\d+$/.test(text) || step === 0) throw new FieldError(`"${part}" has no valid step`);
  return step;
}
