import { FAILURE, taskLabel, type AttemptsBefore, type TaskCoordinates } from '@mft/graph';
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { RunError } from '../engine/state.js';
import { HEARTBEAT_TIMEOUT } from './activities.js';

/** What Temporal wrapped: the failure of the activity or the child itself. */
function unwrap(error: unknown): unknown {
  let inner = error;
  while ((inner instanceof ActivityFailure || inner instanceof ChildWorkflowFailure) && inner.cause !== undefined) {
    inner = inner.cause;
  }
  return inner;
}

/**
 * An error as plain data, with the message of whoever threw it and not Temporal's around it.
 *
 * @param what - the subject of a sentence, for errors that are Temporal's own: `Step train[3]`
 * @param task - the task that failed, if one did
 */
export function errorOf(error: unknown, what: string, task?: TaskCoordinates): RunError {
  const inner = unwrap(error);
  const at = task === undefined ? {} : { task };
  if (inner instanceof ApplicationFailure) {
    return {
      // An attempt that had others left, and then had not: the worker was replaced by one that counts otherwise.
      type: inner.type === FAILURE.attempt ? FAILURE.step : (inner.type ?? 'Error'),
      message: inner.message,
      ...at,
      ...(inner.stack ? { stack: inner.stack } : {}),
      ...(inner.details && inner.details.length > 0 ? { details: inner.details } : {}),
    };
  }
  if (inner instanceof TimeoutFailure) {
    return { type: FAILURE.lost, message: `${what} ${timeoutText(inner)}`, ...at };
  }
  if (inner instanceof TerminatedFailure) return { type: 'ChildTerminated', message: `${what} was terminated.`, ...at };
  if (inner instanceof Error) return { type: inner.name, message: `${what} failed: ${inner.message}`, ...at };
  return { type: 'Error', message: `${what} failed: ${String(inner)}`, ...at };
}

/**
 * What a worker said that gave a task back because it was stopped; undefined for every other error.
 */
export function handedOver(error: unknown): { readonly before?: AttemptsBefore } | undefined {
  const inner = unwrap(error);
  if (!(inner instanceof ApplicationFailure) || inner.type !== FAILURE.handedOver) return undefined;
  const { before } = (inner.details?.[0] ?? {}) as { readonly before?: AttemptsBefore };
  return before === undefined ? {} : { before };
}

function timeoutText({ timeoutType }: TimeoutFailure): string {
  if (timeoutType === 'HEARTBEAT') {
    return `was lost: its worker sent no sign of life for ${HEARTBEAT_TIMEOUT / 1000} s, in the last attempt allowed.`;
  }
  return 'took longer than its worker was given, in the last attempt allowed.';
}

/** The subject of a sentence about a task. */
export function subjectOf(task: TaskCoordinates): string {
  return `Step ${taskLabel(task)}`;
}

/**
 * The failure that ends a workflow: the step's own type, message, Python traceback and details, as Temporal's UI shows them.
 */
export function failureOf({ type, message, stack, details }: RunError): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    ...(details ? { details: [...details] } : {}),
  });
  // Where our own code threw it would tell nobody anything.
  failure.stack = stack ?? '';
  return failure;
}

/** The first line of an error, for people. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
