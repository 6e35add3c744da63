import { MAX_ATTEMPTS, type AttemptsBefore, type RetryPolicy } from '@mft/graph';

/*
 * The arithmetic of attempts, free of any clock or process.
 *
 * A1. Temporal counts attempts from 1, Metaflow from 0: `retry-count = attempt - 1`, always, whoever was to blame for the earlier ones;
 *     of a task that a stopped worker gave back the count goes on from what was before.
 * A2. An earlier attempt that did not fail by itself was lost with its worker or launcher. Only failures are reported (by heartbeat),
 *     so a report that never arrived counts as a loss: in doubt for the user's code.
 * A3. A loss moves the user's last attempt up by one, at most `losses` times, and never so far that `@catch`'s attempts would fall
 *     beyond Metaflow's six.
 * A4. An attempt that a worker cut off because it was stopped is repeated under its number, as if it had never been: however many
 *     workers are replaced while a task runs, it loses none of its attempts.
 */

/** What an attempt of a task tells the next one, as heartbeat details. */
export interface AttemptReport {
  /** Attempts so far that failed by themselves. */
  readonly failures: number;
  /** Of what must not begin twice: whether it has begun. */
  readonly begun?: boolean;
  /** Process id of the running attempt. */
  readonly pid?: number;
  /** The last line that it printed, cut. */
  readonly lastLine?: string;
}

/** One attempt of a task, in Metaflow's terms. */
export interface Attempt {
  /** Metaflow's `--retry-count`, from 0. */
  readonly number: number;
  /** Earlier attempts that failed by themselves. */
  readonly failures: number;
  /** Earlier attempts that were lost with a worker or a launcher. */
  readonly lost: number;
  /** What `--max-user-code-retries` is raised by. */
  readonly extraRetries: number;
  /** Whether this is the last one, should the step's own code fail in it. */
  readonly last: boolean;
  /** Whether another attempt may follow, should this one be lost. */
  readonly mayBeLost: boolean;
}

/**
 * Place an activity attempt in Metaflow's count.
 *
 * @param temporalAttempt - `activityInfo().attempt`, from 1.
 * @param report - heartbeat details of the attempts before, if any arrived.
 * @param before - of a task that a stopped worker gave back.
 *
 * @example
 * ```ts
 * const retry = { user: 1, error: 0, minutesBetween: 0, losses: 2 };
 * attemptOf(3, retry, { failures: 1 }); // number 2, lost 1, extraRetries 1, last: true
 * ```
 */
export function attemptOf(
  temporalAttempt: number,
  retry: RetryPolicy,
  report?: Partial<AttemptReport>,
  before?: AttemptsBefore,
): Attempt {
  const number = (before?.number ?? 0) + Math.max(0, temporalAttempt - 1);
  const failures = Math.min(number, Math.max(0, Math.trunc(report?.failures ?? before?.failures ?? 0)));
  const lost = number - failures;
  const own = retry.user + retry.error;
  const extra = (losses: number): number => Math.max(0, Math.min(losses, retry.losses, MAX_ATTEMPTS - 1 - own));
  const extraRetries = extra(lost);
  return {
    number,
    failures,
    lost,
    extraRetries,
    last: number >= own + extraRetries,
    mayBeLost: number < own + extra(lost + 1),
  };
}

/**
 * Read heartbeat details of unknown origin as a report; anything else counts as none.
 *
 * @example
 * ```ts
 * reportOf(activityInfo().heartbeatDetails); // { failures: 1, … } or undefined
 * ```
 */
export function reportOf(details: unknown): AttemptReport | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const { failures } = details as { failures?: unknown };
  return typeof failures === 'number' && Number.isFinite(failures) ? { failures } : undefined;
}
