import { MAX_ATTEMPTS, maximumAttempts, type RetryPolicy } from '@mft/graph';
import { describe, expect, it } from 'vitest';
import { attemptOf, reportOf } from '../src/attempts.js';

const policy = (user: number, error = 0, losses = 2): RetryPolicy => ({ user, error, losses, minutesBetween: 0 });

describe('attemptOf', () => {
  it.each([
    // temporal attempt, policy, failures reported → number, lost, extra, last, mayBeLost
    [1, policy(0), undefined, { number: 0, lost: 0, extraRetries: 0, last: true, mayBeLost: true }],
    [2, policy(0), 0, { number: 1, lost: 1, extraRetries: 1, last: true, mayBeLost: true }],
    [3, policy(0), 0, { number: 2, lost: 2, extraRetries: 2, last: true, mayBeLost: false }],
    [1, policy(2), undefined, { number: 0, lost: 0, extraRetries: 0, last: false, mayBeLost: true }],
    [3, policy(2), 2, { number: 2, lost: 0, extraRetries: 0, last: true, mayBeLost: true }],
    [3, policy(2), 1, { number: 2, lost: 1, extraRetries: 1, last: false, mayBeLost: true }],
    [5, policy(2), 2, { number: 4, lost: 2, extraRetries: 2, last: true, mayBeLost: false }],
    // A third loss is not granted: it takes one of the user's attempts.
    [4, policy(2), 0, { number: 3, lost: 3, extraRetries: 2, last: false, mayBeLost: true }],
    // @retry(times=0): a loss is final.
    [1, policy(0, 0, 0), undefined, { number: 0, lost: 0, extraRetries: 0, last: true, mayBeLost: false }],
    // @catch: the attempt after the user's last is its fallback.
    [1, policy(0, 1), undefined, { number: 0, lost: 0, extraRetries: 0, last: false, mayBeLost: true }],
    [2, policy(0, 1), 1, { number: 1, lost: 0, extraRetries: 0, last: true, mayBeLost: true }],
    [2, policy(0, 1), 0, { number: 1, lost: 1, extraRetries: 1, last: false, mayBeLost: true }],
    // Six in all: @catch's attempt stays within them.
    [2, policy(4, 1), 0, { number: 1, lost: 1, extraRetries: 0, last: false, mayBeLost: true }],
    [6, policy(4, 1), 4, { number: 5, lost: 1, extraRetries: 0, last: true, mayBeLost: false }],
    [3, policy(4, 0), 1, { number: 2, lost: 1, extraRetries: 1, last: false, mayBeLost: true }],
  ] as const)('attempt %i under %j with %s failures', (attempt, retry, failures, expected) => {
    expect(attemptOf(attempt, retry, failures === undefined ? undefined : { failures })).toMatchObject(expected);
  });

  it('ends with the last attempt that Temporal makes, whatever happened before', () => {
    for (let user = 0; user <= 4; user++) {
      for (const error of [0, 1]) {
        for (const losses of [0, 2]) {
          const retry = policy(user, error, losses);
          const most = maximumAttempts(retry);
          for (let failures = 0; failures < most; failures++) {
            const final = attemptOf(most, retry, { failures });
            expect(final.mayBeLost).toBe(false);
            expect(final.number + final.extraRetries).toBeLessThan(2 * MAX_ATTEMPTS);
          }
        }
      }
    }
  });

  it('never grants more than Temporal would try', () => {
    for (let user = 0; user <= 4; user++) {
      for (const losses of [0, 2]) {
        const retry = policy(user, 1, losses);
        for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
          for (let failures = 0; failures < attempt; failures++) {
            expect(1 + user + 1 + attemptOf(attempt, retry, { failures }).extraRetries).toBeLessThanOrEqual(
              maximumAttempts(retry),
            );
          }
        }
      }
    }
  });

  it.each([
    // temporal attempt, before, failures reported → as if the attempt that was cut off had never been
    [1, { number: 0, failures: 0 }, undefined, { number: 0, failures: 0, lost: 0, last: false }],
    [1, { number: 1, failures: 1 }, undefined, { number: 1, failures: 1, lost: 0, last: true }],
    [1, { number: 1, failures: 0 }, undefined, { number: 1, failures: 0, lost: 1, extraRetries: 1, last: false }],
    [2, { number: 1, failures: 0 }, 1, { number: 2, failures: 1, lost: 1, last: true }],
  ] as const)('attempt %i of a task that was given back %j', (attempt, before, failures, expected) => {
    const report = failures === undefined ? undefined : { failures };
    expect(attemptOf(attempt, policy(1), report, before)).toMatchObject(expected);
  });

  it('does not believe a report of more failures than attempts', () => {
    expect(attemptOf(2, policy(3), { failures: 9 })).toMatchObject({ failures: 1, lost: 0 });
    expect(attemptOf(2, policy(3), { failures: -1 })).toMatchObject({ failures: 0, lost: 1 });
  });
});

describe('reportOf', () => {
  it.each([undefined, null, 1, 'x', [], {}, { failures: 'two' }, { failures: Number.NaN }])(
    'takes %j for no report',
    (details) => {
      expect(reportOf(details)).toBeUndefined();
    },
  );
  it('reads its own', () => {
    expect(reportOf({ failures: 2, pid: 1, lastLine: 'x' })).toEqual({ failures: 2 });
  });
});
