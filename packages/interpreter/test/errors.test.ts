import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { errorOf, failureOf } from '../src/workflow/errors.js';

const task = { step: 'train', index: [3], visit: 0 };
const wrapped = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'runMetaflowTask', 'id', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause);

test('the message, type, details and traceback are those of the step', () => {
  const failure = ApplicationFailure.create({
    type: 'StepFailed',
    message: 'ValueError: no',
    details: [{ attempt: 2 }],
  });
  failure.stack = 'Traceback (most recent call last): …';
  const error = errorOf(wrapped(failure), 'Step train[3]', task);
  expect(error).toEqual({
    type: 'StepFailed',
    message: 'ValueError: no',
    task,
    stack: 'Traceback (most recent call last): …',
    details: [{ attempt: 2 }],
  });
  const thrown = failureOf(error);
  expect(thrown).toMatchObject({
    type: 'StepFailed',
    message: 'ValueError: no',
    nonRetryable: true,
    details: [{ attempt: 2 }],
  });
  expect(thrown.stack).toBe('Traceback (most recent call last): …');
});

test('a worker that was lost for good is said to be', () => {
  expect(errorOf(wrapped(new TimeoutFailure('timeout', undefined, 'HEARTBEAT')), 'Step train[3]', task)).toEqual({
    type: 'TaskLost',
    message: 'Step train[3] was lost: its worker sent no sign of life for 30 s, in the last attempt allowed.',
    task,
  });
});
