/** How a run that does not complete undoes what it did. */
export interface CompensateOptions {
  /** Handlers at a time within one block: the tasks of one foreach, or of one child workflow of it. @defaultValue 1 */
  readonly parallel?: number;
  /** Undo tasks that a resumed run has taken over from its origin as well. @defaultValue false */
  readonly cloned?: boolean;
}

/** What undoing a run has come to so far, small at any number of tasks. */
export interface Compensation {
  /** Tasks to be undone, as far as it is known. */
  readonly total: number;
  /** Names of the tasks that were undone, in that order. */
  readonly compensated: readonly string[];
  /** Tasks that could not be undone, each with one line of its error. */
  readonly failed: readonly { readonly name: string; readonly error: string }[];
  /** Names of the tasks whose undoing has not ended, or was never begun, in the order in which they would be undone. */
  readonly unreached: readonly string[];
  /** How many names each list left out. */
  readonly more?: { readonly compensated?: number; readonly failed?: number; readonly unreached?: number };
}

/** Most names in each list of a {@link Compensation}. */
export const MAX_NAMES = 100;

/** Most characters of an error in a {@link Compensation}. */
const MAX_ERROR = 300;

/**
 * Adds a report to another one; the names of the first come first.
 *
 * @example
 * ```ts
 * addCompensation(run, child).compensated; // the run's, then the child's, 100 at most
 * ```
 */
export function addCompensation(one: Compensation, other: Compensation): Compensation {
  const compensated = joined(one.compensated, other.compensated);
  const failed = joined(one.failed, other.failed);
  const unreached = joined(one.unreached, other.unreached);
  const left = (key: 'compensated' | 'failed' | 'unreached', cut: number): number =>
    cut + (one.more?.[key] ?? 0) + (other.more?.[key] ?? 0);
  const more = {
    ...positive('compensated', left('compensated', compensated.cut)),
    ...positive('failed', left('failed', failed.cut)),
    ...positive('unreached', left('unreached', unreached.cut)),
  };
  return {
    total: one.total + other.total,
    compensated: compensated.names,
    failed: failed.names.map(({ name, error }) => ({ name, error: error.slice(0, MAX_ERROR) })),
    unreached: unreached.names,
    ...(Object.keys(more).length === 0 ? {} : { more }),
  };
}

/**
 * Numbers of a report, those without a name among them.
 *
 * @example
 * ```ts
 * compensationCounts(compensation); // { compensated: 512, failed: 0, unreached: 88 }
 * ```
 */
export function compensationCounts({ compensated, failed, unreached, more = {} }: Compensation): {
  readonly compensated: number;
  readonly failed: number;
  readonly unreached: number;
} {
  return {
    compensated: compensated.length + (more.compensated ?? 0),
    failed: failed.length + (more.failed ?? 0),
    unreached: unreached.length + (more.unreached ?? 0),
  };
}

function joined<T>(one: readonly T[], other: readonly T[]): { readonly names: readonly T[]; readonly cut: number } {
  const all = other.length === 0 ? one : [...one, ...other];
  return all.length <= MAX_NAMES
    ? { names: all, cut: 0 }
    : { names: all.slice(0, MAX_NAMES), cut: all.length - MAX_NAMES };
}

function positive<K extends string>(key: K, value: number): { [key in K]?: number } {
  return (value > 0 ? { [key]: value } : {}) as { [key in K]?: number };
}
