import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runIdOf, SUSPEND_SIGNAL, UNSUSPEND_SIGNAL, type Progress } from '@mft/graph';
import { policyOf } from './support/graphs.js';
import { expectedTasks } from './support/reference.js';
import { stepFailure } from './support/runner.js';
import { loop, rounds, splits, wide } from './support/scenarios.js';
import { startServer } from './support/server.js';
import { historiesOf, quiet, withRun, type Run } from './support/world.js';

let env: TestWorkflowEnvironment;

beforeAll(async () => {
  quiet();
  env = await startServer();
});
afterAll(async () => {
  await env?.teardown();
});

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const countOf = ({ runner, workflowId }: Run) => runner.tasks(runIdOf(workflowId)).size;

/** Waits until so many tasks have begun. */
async function until(run: Run, tasks: number): Promise<void> {
  await expect.poll(() => countOf(run), { timeout: 30_000, interval: 20 }).toBeGreaterThanOrEqual(tasks);
}

/** Waits until nothing starts any more, and how many had begun by then. */
async function settled(run: Run): Promise<number> {
  for (let before = -1; ;) {
    const now = countOf(run);
    if (now === before) return now;
    before = now;
    await pause(2000);
  }
}

// The run may have continued as new: its id alone names it.
const handleOf = ({ workflowId }: Run) => env.client.workflow.getHandle(workflowId);

describe('a suspended run', () => {
  test('starts nothing, says so, and goes on where it was', async () => {
    const behave = () => pause(20);
    await withRun(env, { plan: loop, choose: rounds(60), behave }, async (run) => {
      await until(run, 5);
      await run.handle.signal(SUSPEND_SIGNAL);
      const begun = await settled(run);
      expect(begun).toBeLessThan(60);
      expect(await run.handle.query<Progress, []>('progress')).toMatchObject({ phase: 'running', suspended: true });
      await run.handle.signal(SUSPEND_SIGNAL);
      await run.handle.signal(UNSUSPEND_SIGNAL);
      expect(await run.handle.result()).toMatchObject({ tasks: 61 });
      expect(run.runner.repeated).toEqual([]);
      expect(await run.handle.query<Progress, []>('progress')).not.toHaveProperty('suspended');
    });
  });

  test('holds back its children, too, and theirs that come later', async () => {
    const limits = { childWindow: 2, childThreshold: 10, childSize: 20, childrenAtOnce: 3, softEvents: 30 };
    const behave = () => pause(30);
    await withRun(env, { plan: wide, choose: splits(200), behave, input: { limits } }, async (run) => {
      await until(run, 20);
      await run.handle.signal(SUSPEND_SIGNAL);
      const begun = await settled(run);
      expect(begun).toBeLessThan(200);
      const { children } = await run.handle.query<Progress, []>('progress');
      expect(children.length).toBeGreaterThan(0);
      for (const child of children) {
        const handle = env.client.workflow.getHandle(child);
        expect(await handle.query<Progress, []>('progress')).toMatchObject({ suspended: true });
      }
      await run.handle.signal(UNSUSPEND_SIGNAL);
      expect(await run.handle.result()).toMatchObject({ tasks: 203 });
      expect(run.runner.tasks(runIdOf(run.workflowId))).toEqual(expectedTasks(wide, splits(200)));
      expect(run.runner.repeated).toEqual([]);
    });
  });

  test('stays suspended when it continues as new', async () => {
    const limits = { softEvents: 20, hardEvents: 40 };
    const behave = () => pause(10);
    await withRun(env, { plan: loop, choose: rounds(50), behave, input: { limits } }, async (run) => {
      for (let times = 0; times < 12; times += 1) {
        await handleOf(run).signal(SUSPEND_SIGNAL);
        await handleOf(run).signal(UNSUSPEND_SIGNAL);
      }
      await handleOf(run).signal(SUSPEND_SIGNAL);
      const begun = await settled(run);
      for (let times = 0; times < 20; times += 1) await handleOf(run).signal(SUSPEND_SIGNAL);
      expect(await settled(run)).toBe(begun);
      expect(await handleOf(run).query<Progress, []>('progress')).toMatchObject({ suspended: true });
      expect((await historiesOf(env, run.workflowId)).size).toBeGreaterThan(1);
      await handleOf(run).signal(UNSUSPEND_SIGNAL);
      expect(await handleOf(run).result()).toMatchObject({ tasks: 51 });
      expect(run.runner.repeated).toEqual([]);
    });
  });

  test('can be cancelled, and its deadline passes', async () => {
    const behave = () => pause(20);
    await withRun(env, { plan: loop, choose: rounds(500), behave }, async (run) => {
      await until(run, 3);
      await run.handle.signal(SUSPEND_SIGNAL);
      await settled(run);
      await run.handle.cancel();
      const error = await run.handle.result().catch((reason: unknown) => reason);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    });
    await withRun(env, { plan: loop, choose: rounds(500), behave, input: { timeout: 4 } }, async (run) => {
      await run.handle.signal(SUSPEND_SIGNAL);
      const error = await run.handle.result().catch((reason: unknown) => reason);
      expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'WorkflowTimeout' });
      expect(countOf(run)).toBeLessThan(100);
    });
  });
});

describe('a resumed run', () => {
  test('tells everyone of its origin, and undoes nothing that it has cloned', async () => {
    const plan = {
      ...wide,
      policies: { ...wide.policies, start: policyOf('undo_start'), work: policyOf('undo_work') },
    };
    const resume = { origin: '1718', step: 'join' };
    const limits = { childThreshold: 4, childSize: 3 };
    const options = {
      plan,
      choose: splits(8),
      input: { resume, limits },
      cloned: ({ step, index }: { step: string; index: readonly number[] }) => step === 'start' || index[0]! < 5,
      behave: ({ step }: { step: string }) => {
        if (step === 'join') throw stepFailure('ValueError: no');
      },
    };
    await withRun(env, options, async ({ runner, handle, workflowId }) => {
      await expect(handle.result()).rejects.toThrow();
      expect(runner.starts).toMatchObject([{ resume, params: {} }]);
      expect([...runner.resumed]).toEqual(['1718']);
      expect(runner.finishes).toMatchObject([{ resume, status: 'failed', runId: runIdOf(workflowId) }]);
      expect(runner.undone.map(({ index }) => index[0]).sort()).toEqual([5, 6, 7]);
      expect(runner.undone.every((input) => input.resume?.origin === '1718')).toBe(true);
    });
  });
});
