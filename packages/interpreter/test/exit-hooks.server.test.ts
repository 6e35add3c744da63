import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT_HOOKS_MEMO, FAILURE, TERMINATE_SIGNAL, type ExitHooks } from '@mft/graph';
import { planOf, policyOf } from './support/graphs.js';
import { stepFailure, untilCancelled, type RunnerOptions } from './support/runner.js';
import { splits, wide } from './support/scenarios.js';
import { startServer } from './support/server.js';
import { quiet, withRun, type Run } from './support/world.js';

let env: TestWorkflowEnvironment;

beforeAll(async () => {
  quiet();
  env = await startServer();
});
afterAll(async () => {
  await env?.teardown();
});

const two = planOf(['start', 'linear', ['end']], ['end', 'end', []]);
const plan = { ...two, policies: { ...two.policies, start: policyOf('undo_start') } };
const exitHooks: ExitHooks = { success: ['tell', 'count'], error: ['page', 'breaks', 'tell'] };
const hook = ({ hook: name }: { hook: string }): void => {
  if (name === 'breaks') throw ApplicationFailure.nonRetryable('ValueError: the pager is down', FAILURE.hook);
};

/** A run to its end; what was called, in order, and how the run ended. */
async function ended(
  options: Partial<RunnerOptions> & { readonly input?: object },
  act?: (run: Run) => Promise<void>,
): Promise<{ order: string[]; outcome: string; memo: unknown }> {
  const order: string[] = [];
  const told: RunnerOptions = {
    ...{ plan, choose: () => ({}), exitHooks },
    ...options,
    undo: () => void order.push('undone'),
    finish: ({ status }) => void order.push(`finished as ${status}`),
    hook: (input) => {
      order.push(input.hook);
      hook(input);
    },
  };
  return await withRun(env, told, async (run) => {
    await act?.(run);
    const outcome = await run.handle.result().then(
      () => 'completed',
      (error: { cause?: { type?: string; name?: string } }) => error.cause?.type ?? error.cause?.name ?? 'Error',
    );
    const { memo } = await run.handle.describe();
    return { order, outcome, memo: memo?.[EXIT_HOOKS_MEMO] };
  });
}

const onError = ['page', 'breaks', 'tell'];
const begun = async ({ runner, handle }: Run): Promise<void> => {
  while (runner.tasks(`temporal-${handle.workflowId}`).size < 2)
    await new Promise((resolve) => setTimeout(resolve, 20));
};
const endHangs: RunnerOptions['behave'] = async ({ step }) => {
  if (step === 'end') await untilCancelled();
};

describe('exit hooks', () => {
  test('of a run that completes', async () => {
    const { order, outcome, memo } = await ended({});
    expect(outcome).toBe('completed');
    expect(order).toEqual(['finished as completed', 'tell', 'count']);
    expect(memo).toEqual([
      { hook: 'tell', ok: true, output: 'tell was here' },
      { hook: 'count', ok: true, output: 'count was here' },
    ]);
  });

  test('of a step that fails: after its compensation, all of them, and the outcome stays', async () => {
    const { order, outcome, memo } = await ended({
      behave: ({ step }) => {
        if (step === 'end') throw stepFailure('ValueError: no');
      },
    });
    expect(outcome).toBe(FAILURE.step);
    expect(order).toEqual(['undone', 'finished as failed', ...onError]);
    expect(memo).toEqual([
      { hook: 'page', ok: true, output: 'page was here' },
      { hook: 'breaks', ok: false, error: 'ValueError: the pager is down' },
      { hook: 'tell', ok: true, output: 'tell was here' },
    ]);
  });

  test('of a run that is cancelled, that runs out of time, that is terminated with compensation', async () => {
    // Side by side, since the deadline must leave a new worker the time for the first step.
    const [cancelled, late, terminated] = await Promise.all([
      ended({ behave: endHangs }, async (run) => {
        await begun(run);
        await run.handle.cancel();
      }),
      ended({ behave: endHangs, input: { timeout: 5 } }),
      ended({ behave: endHangs }, async (run) => {
        await begun(run);
        await run.handle.signal(TERMINATE_SIGNAL, { reason: 'enough' });
      }),
    ]);
    expect(cancelled).toMatchObject({
      outcome: 'CancelledFailure',
      order: ['undone', 'finished as cancelled', ...onError],
    });
    expect(late).toMatchObject({ outcome: FAILURE.timeout, order: ['undone', 'finished as failed', ...onError] });
    expect(terminated).toMatchObject({
      outcome: FAILURE.terminated,
      order: ['undone', 'finished as failed', ...onError],
    });
  });

  test('of a run with a foreach over more items than its deployment allows; a run may be allowed more', async () => {
    const foreach = { plan: { ...wide, policies: { ...wide.policies, ...plan.policies } }, choose: splits(5) };
    const refused = await ended({ ...foreach, maxNumSplits: 3 });
    expect(refused).toMatchObject({ outcome: FAILURE.splits, order: ['undone', 'finished as failed', ...onError] });
    const allowed = await ended({ ...foreach, maxNumSplits: 3, input: { maxNumSplits: 5 } });
    expect(allowed).toMatchObject({ outcome: 'completed', order: ['finished as completed', 'tell', 'count'] });
  });

  test('of a run that could not begin', async () => {
    const { order, outcome } = await ended({
      start: () => {
        throw ApplicationFailure.nonRetryable('alpha is no number', FAILURE.start);
      },
    });
    expect(outcome).toBe(FAILURE.start);
    expect(order).toEqual(onError);
  });

  test('a cancel while they run changes nothing; a flow without any has none in its memo', async () => {
    const late = await ended({}, async ({ handle, runner }) => {
      while (runner.hooked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await handle.cancel().catch(() => undefined);
    });
    expect(late).toMatchObject({ outcome: 'completed', order: ['finished as completed', 'tell', 'count'] });
    const none = await ended({ exitHooks: { success: [], error: ['page'] } });
    expect(none).toEqual({ outcome: 'completed', order: ['finished as completed'], memo: undefined });
  });
});
