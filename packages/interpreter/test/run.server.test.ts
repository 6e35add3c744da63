import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAILURE, runIdOf, type Progress, type TaskInput } from '@mft/graph';
import { choicesFrom, type Choose } from './support/choices.js';
import { createGate } from './support/gate.js';
import { drawFrom, planOf, policyOf, randomPlan } from './support/graphs.js';
import { expectedTasks } from './support/reference.js';
import { stepFailure, stubborn, untilCancelled } from './support/runner.js';
import { chooseMixed, loop, mixed, rounds, splits, wide } from './support/scenarios.js';
import { startServer } from './support/server.js';
import { historiesOf, longest, quiet, withRun } from './support/world.js';

let env: TestWorkflowEnvironment;

beforeAll(async () => {
  quiet();
  env = await startServer();
});
afterAll(async () => {
  await env?.teardown();
});

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

describe('a run on a server', () => {
  test('split, foreach, switch and loops: the right tasks with the right inputs', async () => {
    const input = { params: { greeting: 'hi' }, tags: ['mine'] };
    await withRun(
      env,
      { plan: mixed, choose: chooseMixed, tags: ['ours'], input },
      async ({ runner, handle, workflowId }) => {
        const runId = runIdOf(workflowId);
        const expected = expectedTasks(mixed, chooseMixed);
        expect(await handle.result()).toEqual({ pathspec: `HandFlow/${runId}`, runId, tasks: expected.size });
        expect(runner.tasks(runId)).toEqual(expected);
        expect(runner.repeated).toEqual([]);
        expect(runner.starts).toEqual([
          { hash: 'a'.repeat(64), runId, params: { greeting: 'hi' }, tags: ['ours', 'mine'] },
        ]);
        expect(runner.finishes).toEqual([{ hash: 'a'.repeat(64), runId, status: 'completed' }]);
        const progress = await handle.query<Progress, []>('progress');
        expect(progress).toMatchObject({ runId, phase: 'completed', children: [] });
        expect(progress.steps['work']).toMatchObject({ total: 28, done: 28, running: 0, failed: 0 });
      },
    );
  });

  test('no argument at all, and a flow of a single step', async () => {
    const plan = planOf(['only', 'end', []]);
    await withRun(env, { plan, choose: () => ({}) }, async ({ handle }) => {
      expect(await handle.result()).toMatchObject({ tasks: 1 });
    });
  });

  test('random graphs, with children and continue-as-new at every turn', async () => {
    const limits = { window: 5, childThreshold: 4, childSize: 2, childrenAtOnce: 2, softEvents: 20, hardEvents: 40 };
    let executions = 0;
    for (let seed = 0, runs = 0; runs < 8; seed += 1) {
      const plan = randomPlan(drawFrom(seed));
      const choose = choicesFrom(seed, 6);
      const expected = expectedTasks(plan, choose);
      if (expected.size < 10 || expected.size > 120) continue;
      runs += 1;
      await withRun(env, { plan, choose, input: { limits } }, async ({ runner, handle, workflowId }) => {
        expect(await handle.result()).toMatchObject({ tasks: expected.size });
        expect(runner.tasks(runIdOf(workflowId))).toEqual(expected);
        expect(runner.repeated).toEqual([]);
        expect(runner.starts.length).toBe(1);
        executions += (await historiesOf(env, workflowId)).size;
      });
    }
    expect(executions).toBeGreaterThan(25);
  });

  test('3,000 tasks of a foreach run as children, no history above 10,000 events', async () => {
    await withRun(env, { plan: wide, choose: splits(3000) }, async ({ runner, handle, workflowId }) => {
      const begin = Date.now();
      expect(await handle.result()).toMatchObject({ tasks: 3003 });
      const seconds = (Date.now() - begin) / 1000;
      expect(runner.tasks(runIdOf(workflowId))).toEqual(expectedTasks(wide, splits(3000)));
      const histories = await historiesOf(env, workflowId);
      expect(histories.size).toBe(7);
      expect(longest(histories)).toBeLessThan(10_000);
      process.stdout.write(
        `3,000 tasks: ${(3003 / seconds).toFixed(0)} a second, longest history ${longest(histories)} events\n`,
      );
    });
  });

  test('900 tasks of a foreach of three steps in one workflow continue as new', async () => {
    const plan = planOf(
      ['start', 'foreach', ['a'], 'join'],
      ['a', 'linear', ['b']],
      ['b', 'linear', ['c']],
      ['c', 'linear', ['join']],
      ['join', 'join', ['end']],
      ['end', 'end', []],
    );
    await withRun(env, { plan, choose: splits(900) }, async ({ runner, handle, workflowId }) => {
      expect(await handle.result()).toMatchObject({ tasks: 2703 });
      expect(runner.tasks(runIdOf(workflowId))).toEqual(expectedTasks(plan, splits(900)));
      const histories = await historiesOf(env, workflowId);
      expect(histories.size).toBeGreaterThan(1);
      expect(longest(histories)).toBeLessThan(10_000);
    });
  });

  test('1,500 rounds of a loop continue as new', async () => {
    await withRun(env, { plan: loop, choose: rounds(1500) }, async ({ runner, handle, workflowId }) => {
      const begin = Date.now();
      expect(await handle.result()).toMatchObject({ tasks: 1501 });
      process.stdout.write(`a loop: ${(1501 / ((Date.now() - begin) / 1000)).toFixed(0)} rounds a second\n`);
      expect(runner.repeated).toEqual([]);
      const histories = await historiesOf(env, workflowId);
      expect(histories.size).toBeGreaterThan(1);
      expect(longest(histories)).toBeLessThan(4500);
    });
  });
});

describe('a run that does not complete', () => {
  test("a failure cancels siblings, starts nothing more, and the step's error is the run's", async () => {
    const plan = {
      ...wide,
      policies: { ...wide.policies, start: policyOf('undo_start'), work: policyOf('undo_work') },
    };
    let begun = 0;
    const seven = createGate();
    const behave = async ({ step, index }: { step: string; index: readonly number[] }) => {
      if (step !== 'work') return;
      if ((begun += 1) === 7) seven.open();
      if (index[0] === 0) return;
      if (index[0] === 1) {
        await untilCancelled().catch(() => undefined);
        return await stubborn(500);
      }
      if (index[0] !== 3) await untilCancelled();
      await seven.pass();
      // Time for one too many.
      await stubborn(500);
      throw stepFailure('ValueError: no');
    };
    const input = { limits: { window: 6 } };
    await withRun(env, { plan, choose: splits(20), behave, input }, async ({ runner, handle, workflowId }) => {
      const failure = await failureOf(handle.result());
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({ type: 'StepFailed', message: 'ValueError: no', details: [{ attempt: 0 }] });
      expect(failure.stack).toContain('File "flow.py", line 7, in train');
      // Five beside the one that completed at once, whose place the sixth took.
      expect(begun).toBe(7);
      expect(runner.cancelled.sort()).toEqual([2, 4, 5, 6].map((i) => `temporal-work-${i}-0`));
      // The one that completed although it was cancelled is undone too, last completed first.
      expect(runner.undone.map(({ step, index }) => [step, ...index])).toEqual([['work', 1], ['work', 0], ['start']]);
      expect(runner.undone[0]).toMatchObject({
        handler: 'undo_work',
        key: `${runIdOf(workflowId)}/work/temporal-work-1-0`,
        failure: { step: 'work', type: 'StepFailed', message: 'ValueError: no' },
      });
      expect(runner.finishes).toMatchObject([{ status: 'failed', error: 'ValueError: no' }]);
      expect((await handle.query<Progress, []>('progress')).steps['work']).toMatchObject({
        total: 20,
        done: 2,
        failed: 1,
        running: 0,
      });
    });
  });

  test('a failure in a child is the error of the run; other children are cancelled; blocks are undone', async () => {
    const plan = { ...wide, policies: { ...wide.policies, work: policyOf('undo_work') } };
    let begun = 0;
    const both = createGate();
    const behave = async ({ step, index }: { step: string; index: readonly number[] }) => {
      if (step !== 'work') return;
      // All of the two children that there is room for.
      if ((begun += 1) === 10) both.open();
      if (index[0] === 7) {
        await both.pass();
        // Time for one too many.
        await stubborn(500);
        throw stepFailure('KeyError: 7');
      }
      if (index[0] === 3 || index[0] === 9) await untilCancelled();
    };
    const limits = { childThreshold: 10, childSize: 5, childrenAtOnce: 2 };
    await withRun(env, { plan, choose: splits(20), behave, input: { limits } }, async ({ runner, handle }) => {
      expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'KeyError: 7' });
      const undone = runner.undone.map(({ index }) => index[0]!);
      expect(undone.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 8]);
      const blocks = undone.map((i) => i < 5);
      expect(blocks.filter((block, i) => block !== blocks[i - 1]).length).toBe(2);
      expect(runner.finishes.length).toBe(1);
    });
  });

  test('a cancelled run ends as cancelled, undone and finished', async () => {
    const plan = { ...wide, policies: { ...wide.policies, start: policyOf('undo_start') } };
    const behave = async ({ step }: { step: string }) => {
      if (step === 'work') await untilCancelled();
    };
    const limits = { childThreshold: 10, childSize: 5 };
    for (const input of [{}, { limits }]) {
      await withRun(env, { plan, choose: splits(20), behave, input }, async ({ runner, handle, workflowId }) => {
        await expect.poll(() => runner.tasks(runIdOf(workflowId)).size, { timeout: 10_000 }).toBe(21);
        await handle.cancel();
        const failure = await failureOf(handle.result());
        expect(failure).toBeInstanceOf(CancelledFailure);
        expect((await handle.describe()).status.name).toBe('CANCELLED');
        expect(runner.cancelled.length).toBe(20);
        expect(runner.undone.map(({ step }) => step)).toEqual(['start']);
        expect(runner.finishes).toMatchObject([{ status: 'cancelled' }]);
      });
    }
  });

  test('a cancel that comes while the run continues as new is not lost', async () => {
    const input = { limits: { softEvents: 12, hardEvents: 30 } };
    for (let delay = 0; delay < 5; delay += 1) {
      await withRun(env, { plan: loop, choose: rounds(5000), input }, async ({ runner, handle, workflowId }) => {
        await expect
          .poll(() => runner.tasks(runIdOf(workflowId)).size, { timeout: 10_000 })
          .toBeGreaterThan(10 + delay);
        await env.client.workflow.getHandle(workflowId).cancel();
        expect(await failureOf(handle.result())).toBeInstanceOf(CancelledFailure);
        const { status } = await env.client.workflow.getHandle(workflowId).describe();
        expect(status.name).toBe('CANCELLED');
        expect(runner.finishes).toMatchObject([{ status: 'cancelled' }]);
      });
    }
  });

  test('the deadline is absolute, kept across continue-as-new, and ends the run with WorkflowTimeout', async () => {
    const choose: Choose = () => ({ branch: 'loop' });
    const input = { timeout: 2, limits: { softEvents: 30 } };
    await withRun(env, { plan: loop, choose, input, timeout: 3600 }, async ({ runner, handle, workflowId }) => {
      const begin = Date.now();
      const failure = await failureOf(handle.result());
      expect(failure).toMatchObject({
        type: 'WorkflowTimeout',
        message: 'The run took longer than its timeout of 2 s.',
      });
      expect(Date.now() - begin).toBeLessThan(15_000);
      expect(runner.finishes).toMatchObject([{ status: 'failed' }]);
      expect((await historiesOf(env, workflowId)).size).toBeGreaterThan(3);
    });
  });

  test('a run that is refused is not finished, a failing finish hides nothing', async () => {
    const refuse = () => {
      throw ApplicationFailure.nonRetryable('The run id is taken.', 'RunNotStarted');
    };
    await withRun(env, { plan: wide, choose: splits(1), start: refuse }, async ({ runner, handle }) => {
      expect(await failureOf(handle.result())).toMatchObject({
        type: 'RunNotStarted',
        message: 'The run id is taken.',
      });
      expect(runner.finishes).toEqual([]);
    });
    const behave = () => {
      throw stepFailure('ValueError: first');
    };
    const finish = () => {
      throw ApplicationFailure.nonRetryable('no metadata service');
    };
    await withRun(env, { plan: wide, choose: splits(1), behave, finish }, async ({ handle }) => {
      expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: first' });
    });
    await withRun(env, { plan: wide, choose: splits(1), input: { hash: 'b'.repeat(64) } }, async ({ handle }) => {
      expect(await failureOf(handle.result())).toMatchObject({ type: 'RunNotStarted' });
    });
  });

  test("attempts: as many as the policy says, the last error is the run's", async () => {
    const policy = { ...policyOf(), retry: { user: 2, error: 0, minutesBetween: 0, losses: 0 } };
    const plan = { ...wide, policies: { ...wide.policies, start: policy } };
    let attempts = 0;
    const behave = () => {
      attempts += 1;
      throw ApplicationFailure.retryable(`ValueError: ${attempts}`, 'StepAttemptFailed');
    };
    await withRun(env, { plan, choose: splits(1), behave }, async ({ handle }) => {
      expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: 3' });
      expect(attempts).toBe(3);
    });
  });

  test('a task that stopped workers give back is scheduled again as often, counts no attempt, and can be cancelled', async () => {
    const before = { number: 0, failures: 0 };
    const given: TaskInput[] = [];
    const behave = (task: TaskInput) => {
      if (task.step !== 'start') return;
      given.push(task);
      if (given.length <= 8)
        throw ApplicationFailure.nonRetryable('The worker was stopped.', FAILURE.handedOver, { before });
    };
    await withRun(env, { plan: wide, choose: splits(1), behave }, async ({ handle, runner }) => {
      await handle.result();
      expect(given.map(({ handover, before }) => ({ handover, before }))).toEqual([
        { handover: true, before: undefined },
        ...Array.from({ length: 8 }, () => ({ handover: true, before })),
      ]);
      expect(runner.tasks(given[0]!.runId).size).toBe(4);
    });
    const endless = () => {
      throw ApplicationFailure.nonRetryable('The worker was stopped.', FAILURE.handedOver, { before });
    };
    await withRun(env, { plan: wide, choose: splits(1), behave: endless }, async ({ handle }) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await handle.cancel();
      expect(await failureOf(handle.result())).toMatchObject({ name: 'CancelledFailure' });
    });
  });
});
