import { FAILURE, MftError } from '@mft/graph';
import { DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { finalIfUsers, handedOverFailure, lostFailure, startFailure, stepFailure } from '../src/failure.js';

const details = { pathspec: 'F/temporal-F-1/a/temporal-a-0', step: 'a', attempt: 1 };
const error = {
  kind: 'failed' as const,
  message: 'ValueError: no',
  traceback: 'Traceback …\nValueError: no\n',
  exit_code: 1,
  retry: true,
};

describe('stepFailure', () => {
  it("says of which type Python's exception was", () => {
    const failure = stepFailure({ ...error, type: 'ValueError' }, { last: true }, details);
    expect(failure.type).toBe(FAILURE.step);
    expect(failure.details).toEqual([{ ...details, type: 'ValueError', exitCode: 1 }]);
  });

  it('leaves a retry to the policy', () => {
    const failure = stepFailure(error, { last: false }, details);
    expect(failure).toMatchObject({
      message: 'ValueError: no',
      type: FAILURE.attempt,
      nonRetryable: false,
      nextRetryDelay: undefined,
    });
    expect(failure.details).toEqual([{ ...details, exitCode: 1 }]);
    expect(failure.stack).toBe('Traceback …\nValueError: no');
  });
  it('waits as long as it is told to', () => {
    expect(stepFailure(error, { last: false }, details, 2).nextRetryDelay).toBe(120_000);
    expect(stepFailure(error, { last: false }, details, 0).nextRetryDelay).toBe(1);
  });
  it('is final in the last attempt', () => {
    expect(stepFailure(error, { last: true }, details, 0)).toMatchObject({
      type: FAILURE.step,
      nonRetryable: true,
      nextRetryDelay: undefined,
    });
  });
  it('is final where Metaflow says so', () => {
    expect(stepFailure({ ...error, retry: false }, { last: false }, details)).toMatchObject({
      type: FAILURE.step,
      nonRetryable: true,
    });
  });
  it('names the signal', () => {
    expect(stepFailure({ message: 'killed', signal: 'SIGKILL' }, { last: true }, details).details).toEqual([
      { ...details, signal: 'SIGKILL' },
    ]);
  });
  it('stays below what Temporal keeps of a failure', () => {
    const failure = stepFailure(
      { ...error, message: 'ü'.repeat(9000), traceback: 'line ü\n'.repeat(5000) },
      { last: true },
      details,
    );
    const proto = new DefaultFailureConverter().errorToFailure(failure, defaultPayloadConverter);
    const payloads = proto.applicationFailureInfo?.details?.payloads ?? [];
    const bytes =
      Buffer.byteLength(proto.message ?? '') +
      Buffer.byteLength(proto.stackTrace ?? '') +
      payloads.reduce((sum, payload) => sum + (payload.data?.length ?? 0), 0);
    expect(bytes).toBeLessThan(3900);
  });
});

describe('lostFailure', () => {
  it('is tried again soon', () => {
    expect(lostFailure('The Python launcher was killed by SIGKILL.', { mayBeLost: true }, details)).toMatchObject({
      message: 'The task was lost: The Python launcher was killed by SIGKILL.',
      type: FAILURE.lost,
      nonRetryable: false,
      nextRetryDelay: 1000,
    });
  });
  it('is final when the losses are used up', () => {
    expect(lostFailure('x', { mayBeLost: false }, details)).toMatchObject({ type: FAILURE.lost, nonRetryable: true });
  });
});

describe('handedOverFailure', () => {
  it('goes to the workflow, with what was before', () => {
    expect(handedOverFailure(details, { number: 1, failures: 1 })).toMatchObject({
      type: FAILURE.handedOver,
      nonRetryable: true,
      details: [{ ...details, before: { number: 1, failures: 1 } }],
    });
  });
});

describe('startFailure', () => {
  it('says what to do', () => {
    expect(startFailure('No.', 'NO', 'Do yes.')).toMatchObject({
      message: 'No. Do yes.',
      type: FAILURE.start,
      nonRetryable: true,
      details: [{ code: 'NO' }],
    });
  });
});

describe('finalIfUsers', () => {
  it("makes a user's error final and leaves others alone", () => {
    expect(() => finalIfUsers(new MftError('X', 'sentence'))).toThrow(
      expect.objectContaining({ type: FAILURE.start }) as Error,
    );
    const other = new Error('ours');
    expect(() => finalIfUsers(other)).toThrow(other);
  });
});
