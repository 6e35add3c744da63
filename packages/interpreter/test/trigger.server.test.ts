import { EVENT_SIGNAL, TRIGGER_WORKFLOW, type AnnounceRunInput, type TriggerEvent } from '@mft/graph';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrived } from './support/events.js';
import { planOf } from './support/graphs.js';
import { createRunner, stepFailure } from './support/runner.js';
import { startServer } from './support/server.js';
import { quiet, withRun, workflowBundle } from './support/world.js';

let env: TestWorkflowEnvironment;
const plan = planOf(['only', 'end', []]);
const choose = () => ({});

beforeAll(async () => {
  quiet();
  env = await startServer();
});
afterAll(async () => {
  await env?.teardown();
});

describe('a deployment that waits for several events', () => {
  const sets = 130;

  test('gets a run for each set of them, however long that goes on, with bounded histories', async () => {
    const taskQueue = 'joined';
    const workflowId = 'metaflow-trigger.Joined';
    const { workflow } = env.client;
    const publish = (name: string, number: number) =>
      workflow.signalWithStart(TRIGGER_WORKFLOW, {
        ...{ workflowId, taskQueue, args: [], signal: EVENT_SIGNAL },
        signalArgs: [arrived(name, number, { taskQueue })],
      });
    // No worker is there yet; every event comes twice.
    for (let i = 0; i < sets; i += 1) for (const name of ['a', 'a', 'b', 'b']) await publish(name, i);
    const runner = createRunner({ plan, choose });
    const worker = await Worker.create({
      ...{ connection: env.nativeConnection, taskQueue, workflowBundle: await workflowBundle() },
      activities: { ...runner.activities },
    });
    await worker.runUntil(async () => {
      const ended = `WorkflowType = "MetaflowWorkflow" AND TaskQueue = "${taskQueue}" AND ExecutionStatus = "Completed"`;
      while ((await workflow.count(ended)).count < sets) await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await workflow.count(`WorkflowType = "MetaflowWorkflow" AND TaskQueue = "${taskQueue}"`)).count).toBe(
        sets,
      );
      // It has begun anew, and so will not grow.
      const joiner = workflow.getHandle(workflowId);
      while ((await joiner.describe()).historyLength > 50) await new Promise((resolve) => setTimeout(resolve, 50));
      await joiner.terminate();
    });
    const given = runner.starts.map(({ params, triggers }) => [params['a'], params['b'], triggers?.length]);
    expect(given.sort((one, other) => Number(one[0]) - Number(other[0]))).toEqual(
      Array.from({ length: sets }, (_, i) => [i, i, 2]),
    );
  });
});

describe('what triggered a run', () => {
  const triggers: TriggerEvent[] = [{ type: 'event', name: 'e', id: '1', timestamp: 1_700_000_000, payload: { x: 1 } }];

  test('is told when it starts; its tasks know that there is something', async () => {
    let triggered: unknown;
    const behave = (task: { readonly triggered?: true }) => void (triggered = task.triggered);
    await withRun(env, { plan, choose, behave, input: { triggers } }, async ({ runner, handle }) => {
      await handle.result();
      expect(runner.starts[0]?.triggers).toEqual(triggers);
      expect(triggered).toBe(true);
    });
  });

  test('is its schedule, and the time that the schedule meant', async () => {
    const runner = createRunner({ plan, choose });
    const taskQueue = 'scheduled';
    const schedule = await env.client.schedule.create({
      scheduleId: 'metaflow-Scheduled',
      spec: {},
      action: { type: 'startWorkflow', workflowType: 'MetaflowWorkflow', workflowId: 'Scheduled', taskQueue, args: [] },
    });
    const worker = await Worker.create({
      ...{ connection: env.nativeConnection, taskQueue, workflowBundle: await workflowBundle() },
      activities: { ...runner.activities },
    });
    const before = Math.floor(Date.now() / 1000);
    await worker.runUntil(async () => {
      await schedule.trigger();
      while (runner.finishes.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await schedule.delete();
    const [trigger] = runner.starts[0]?.triggers ?? [];
    expect(trigger).toMatchObject({ type: 'schedule', name: 'Scheduled', id: expect.stringMatching(/^Scheduled-20/) });
    expect(Math.abs(trigger!.timestamp - before)).toBeLessThan(10);
  });
});

describe('the end of a run', () => {
  const announced: AnnounceRunInput[] = [];
  const announce = async (input: AnnounceRunInput) => {
    announced.push(input);
    if (announced.length === 1) throw new Error('the server is away');
    return Promise.resolve();
  };

  test('is announced where the worker says so, and again where that failed', async () => {
    await withRun(env, { plan, choose, announce }, async ({ handle, runner, workflowId }) => {
      await handle.result();
      expect(runner.finishes.length).toBe(1);
      expect(announced.map(({ runId }) => runId)).toEqual([`temporal-${workflowId}`, `temporal-${workflowId}`]);
      expect(Math.abs(announced[0]!.timestamp - Date.now() / 1000)).toBeLessThan(30);
    });
  });

  test('is not where the run failed', async () => {
    const fails = { plan, choose, announce, behave: () => Promise.reject(stepFailure('ValueError: no')) };
    announced.length = 0;
    await withRun(env, fails, async ({ handle }) => {
      await expect(handle.result()).rejects.toThrow();
    });
    expect(announced).toEqual([]);
  });

  test('that cannot be announced is an end all the same', async () => {
    const gives = () => Promise.reject(ApplicationFailure.nonRetryable('no'));
    await withRun(env, { plan, choose, announce: gives }, async ({ handle }) => {
      expect(await handle.result()).toMatchObject({ tasks: 1 });
    });
  });
});
