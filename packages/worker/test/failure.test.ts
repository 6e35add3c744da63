import { describe, expect, test } from 'vitest';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  RetryState,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { exitStatusOf, outcomeOfFailure, runErrorOf } from '../src/index.js';

const TRACEBACK = `Traceback (most recent call last):
  File "/flows/bad_flow.py", line 9, in train
    raise ValueError("no data")
ValueError: no data`;

const run = { workflowId: 'BadFlow-abc', flow: 'BadFlow' };

function stepFailed(): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message: 'ValueError: no data',
    type: 'StepFailed',
    nonRetryable: true,
    details: [{ pathspec: 'BadFlow/r/train/t', step: 'train', attempt: 0 }],
  });
  failure.stack = TRACEBACK;
  return failure;
}

function inActivity(cause: Error): ActivityFailure {
  return new ActivityFailure(
    'Activity task failed',
    'runMetaflowTask',
    'train',
    RetryState.NON_RETRYABLE_FAILURE,
    'me',
    cause,
  );
}

describe('runErrorOf', () => {
  test('unwraps the step, type, message and traceback from child workflow, activity and application', () => {
    const child = new ChildWorkflowFailure(
      'default',
      { workflowId: 'c', runId: 'r' },
      'MetaflowRangeWorkflow',
      RetryState.NON_RETRYABLE_FAILURE,
      inActivity(stepFailed()),
    );
    expect(runErrorOf(child)).toEqual({
      step: 'train',
      type: 'ValueError',
      message: 'ValueError: no data',
      traceback: TRACEBACK,
    });
  });

  test('drops JavaScript frames that were added to the traceback, and keeps chained exceptions whole', () => {
    const failure = stepFailed();
    const chained = `${TRACEBACK}\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\nmypkg.errors.Worse: yes`;
    failure.stack = `ApplicationFailure: ValueError: no data\n${chained}\n    at Object.x (file:///x.js:1:2)`;
    expect(runErrorOf(failure)).toMatchObject({ type: 'mypkg.errors.Worse', traceback: chained });
  });

  test('a failure that is no step names its own type', () => {
    const failure = ApplicationFailure.create({
      message: 'The run id is taken.',
      type: 'RunNotStarted',
      nonRetryable: true,
    });
    expect(runErrorOf(failure)).toEqual({ type: 'RunNotStarted', message: 'The run id is taken.' });
  });

  test('anything at all is answered', () => {
    expect(runErrorOf('odd')).toEqual({ type: 'Error', message: 'odd' });
    expect(runErrorOf(undefined)).toEqual({ type: 'Error', message: 'undefined' });
  });
});

describe('outcomeOfFailure', () => {
  const names = { pathspec: 'BadFlow/temporal-BadFlow-abc', runId: 'temporal-BadFlow-abc', workflowId: 'BadFlow-abc' };
  test.each([
    ['failed', inActivity(stepFailed())],
    ['failed', inActivity(new TimeoutFailure('too long', undefined, 'START_TO_CLOSE'))],
    ['timed_out', ApplicationFailure.create({ message: 'over', type: 'WorkflowTimeout' })],
    ['timed_out', new TimeoutFailure('Workflow execution timed out', undefined, 'START_TO_CLOSE')],
    ['terminated', new TerminatedFailure('by hand')],
    ['cancelled', new CancelledFailure('cancelled')],
  ])('%s', (status, failure) => {
    const outcome = outcomeOfFailure(run, failure);
    expect(outcome).toMatchObject({ status, ...names });
    expect(exitStatusOf(outcome)).toBe(1);
  });

  test('a completed run exits 0', () => expect(exitStatusOf({ status: 'completed', ...names })).toBe(0));
});

test('a message of several lines does not hide the type', () => {
  const failure = ApplicationFailure.create({ message: 'ValueError: one', type: 'StepFailed', nonRetryable: true });
  failure.stack = `${TRACEBACK.replace('no data"', 'one')}\ntwo\nthree: four`;
  expect(runErrorOf(failure).type).toBe('ValueError');
});
