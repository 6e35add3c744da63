import { FAILURE, isMftError, type AttemptsBefore } from '@mft/graph';
import { ApplicationFailure } from '@temporalio/common';
import type { Attempt } from './attempts.js';
import type { WireError } from './launcher/protocol.js';
import { cutMiddle, MESSAGE_BYTES, oneLine, TRACEBACK_BYTES } from './text.js';

/** What every failure of a task carries in its details. */
export interface FailureDetails {
  /** `Flow/run/step/task` */
  readonly pathspec: string;
  readonly step: string;
  /** Metaflow's attempt number, from 0. */
  readonly attempt: number;
  readonly exitCode?: number;
  readonly signal?: string;
  /** Type of the Python exception, where there was one. */
  readonly type?: string;
}

// Milliseconds before an attempt that was lost is tried again: enough for a worker to go away, or for a launcher to be replaced.
const LOST_DELAY = 1000;

/**
 * The failure of a task's own code: final where Metaflow would stop, else to be retried.
 *
 * @param retryWait - minutes until the next attempt; undefined leaves it to the activity's retry policy.
 *
 * @example
 * ```ts
 * throw stepFailure(answer.error, attempt, details, retryWait);
 * ```
 */
export function stepFailure(
  error: WireError,
  attempt: Pick<Attempt, 'last'>,
  details: FailureDetails,
  retryWait?: number,
): ApplicationFailure {
  const final = attempt.last || error.retry === false;
  const failure = ApplicationFailure.create({
    message: oneLine(error.message, MESSAGE_BYTES) || 'The step failed without a message.',
    type: final ? FAILURE.step : FAILURE.attempt,
    nonRetryable: final,
    details: [withExit(details, error)],
    // Zero would leave it to the policy.
    ...(final || retryWait === undefined ? {} : { nextRetryDelay: Math.max(1, retryWait * 60_000) }),
  });
  failure.stack = error.traceback ? cutMiddle(error.traceback.trimEnd(), TRACEBACK_BYTES) : '';
  return failure;
}

/**
 * An attempt that was lost with its worker or launcher: nobody's code is to blame, and another attempt is granted while
 * the policy's `losses` last.
 *
 * @example
 * ```ts
 * throw lostFailure('The Python launcher was killed by SIGKILL.', attempt, details);
 * ```
 */
export function lostFailure(
  reason: string,
  attempt: Pick<Attempt, 'mayBeLost'>,
  details: FailureDetails,
): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: `The task was lost: ${oneLine(reason, MESSAGE_BYTES)}`,
    type: FAILURE.lost,
    nonRetryable: !attempt.mayBeLost,
    details: [details],
    ...(attempt.mayBeLost ? { nextRetryDelay: LOST_DELAY } : {}),
  });
  failure.stack = cutMiddle(reason, TRACEBACK_BYTES);
  return failure;
}

/**
 * An attempt that a worker cut off because it was stopped: the workflow schedules the task again, with what was before this attempt,
 * which counts neither as the user's failure nor as a loss.
 *
 * @param before - left out for what has no attempts of Metaflow's: a compensation
 *
 * @example
 * ```ts
 * throw handedOverFailure(details, { number: attempt.number, failures: attempt.failures });
 * ```
 */
export function handedOverFailure(details: FailureDetails, before?: AttemptsBefore): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: 'The worker was stopped: the task is handed over to another.',
    type: FAILURE.handedOver,
    nonRetryable: true,
    details: [{ ...details, ...(before === undefined ? {} : { before }) }],
  });
  failure.stack = '';
  return failure;
}

/**
 * An exit hook that failed, or that was cut off after it had begun: it is not called again.
 *
 * @param error - its message, and its traceback where there is one
 * @param output - the end of what it printed
 *
 * @example
 * ```ts
 * throw hookFailure({ message: 'ValueError: no' }, 'calling the pager');
 * ```
 */
export function hookFailure(error: Pick<WireError, 'message' | 'traceback'>, output: string): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: oneLine(error.message, MESSAGE_BYTES) || 'The exit hook failed without a message.',
    type: FAILURE.hook,
    nonRetryable: true,
    details: output === '' ? [] : [{ output: cutMiddle(output, MESSAGE_BYTES) }],
  });
  failure.stack = error.traceback ? cutMiddle(error.traceback.trimEnd(), TRACEBACK_BYTES - MESSAGE_BYTES) : '';
  return failure;
}

/**
 * A run that cannot begin, whoever tries it again.
 *
 * @example
 * ```ts
 * throw startFailure('The run id "temporal-x" is taken.', 'RUN_ID_TAKEN');
 * ```
 */
export function startFailure(message: string, code?: string, hint?: string): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: cutMiddle(hint ? `${message} ${hint}` : message, MESSAGE_BYTES * 2),
    type: FAILURE.start,
    nonRetryable: true,
    details: code === undefined ? [] : [{ code }],
  });
  failure.stack = '';
  return failure;
}

/**
 * Turn what a user can mend (an `MftError`) into a final failure, and leave everything else to be retried.
 *
 * @example
 * ```ts
 * const config = await configs.get(hash).catch(finalIfUsers);
 * ```
 */
export function finalIfUsers(error: unknown): never {
  if (isMftError(error)) throw startFailure(error.message, error.code, error.hint);
  throw error;
}

function withExit(details: FailureDetails, error: WireError): FailureDetails {
  return {
    ...details,
    ...(error.type ? { type: error.type } : {}),
    ...(error.exit_code === undefined ? {} : { exitCode: error.exit_code }),
    ...(error.signal ? { signal: error.signal } : {}),
  };
}
