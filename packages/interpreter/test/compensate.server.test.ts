import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TERMINATE_SIGNAL, type Progress } from '@mft/graph';
import { failureOf, memoOf, undoable } from './support/compensation.js';
import { createGate } from './support/gate.js';
import { planOf } from './support/graphs.js';
import { stepFailure, stubborn, untilCancelled } from './support/runner.js';
import { loop, rounds, splits, wide } from './support/scenarios.js';
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

/** start ─ foreach(work) ─ join, which fails ─ end; everything can be undone. */
const booked = undoable(wide, 'start', 'work');
const failAtJoin = ({ step }: { step: string }) => {
  if (step === 'join') throw stepFailure('ValueError: no');
};
const small = { childThreshold: 10, childSize: 8, childrenAtOnce: 2, undoInline: 4 };
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('compensation on a server', () => {
  test('blocks of children are undone by children, which continue as new; the report lies in the memo', async () => {
    const input = { limits: { ...small, softEvents: 25, hardEvents: 40 } };
    await withRun(
      env,
      { plan: booked, choose: splits(30), behave: failAtJoin, input },
      async ({ runner, handle, workflowId }) => {
        expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: no' });
        const undone = runner.undone.map(({ step, index }) => (step === 'work' ? index[0]! : step));
        expect(undone.length).toBe(31);
        expect(undone.at(-1)).toBe('start');
        const blocks = undone.slice(0, 30).map((i) => Math.floor((i as number) / 8));
        expect(blocks.filter((block, i) => block !== blocks[i - 1]).length).toBe(4);
        expect(new Set(undone).size).toBe(31);
        const histories = [...(await historiesOf(env, workflowId)).keys()];
        const children = histories.map((id) => id.split('/')[0]!).filter((id) => id.includes('.undo.'));
        expect([...new Set(children)].sort()).toEqual(
          ['work.0-8', 'work.16-24', 'work.24-30', 'work.8-16'].map((id) => `${workflowId}.undo.${id}`),
        );
        expect(children.length).toBeGreaterThan(4);
        const { compensation } = await handle.query<Progress, []>('progress');
        expect(compensation).toEqual({
          total: 31,
          compensated: undone.map((i) => (i === 'start' ? i : `work[${i}]`)),
          failed: [],
          unreached: [],
        });
        expect(await memoOf(handle)).toEqual(compensation);
        expect(runner.undone[0]).toMatchObject({
          failure: { step: 'join', type: 'StepFailed', message: 'ValueError: no' },
        });
        expect(new Set(runner.undone.map(({ key }) => key)).size).toBe(31);
      },
    );
  });

  test('several at a time within a block, a handler that fails stops nobody and does not become the error', async () => {
    let running = 0;
    let peak = 0;
    let three = createGate();
    const undo = async ({ index, step }: { index: readonly number[]; step: string }) => {
      peak = Math.max(peak, (running += 1));
      if (step === 'start') expect(running).toBe(1);
      if (running === 3) three.open();
      await three.pass();
      // Time for one too many.
      await pause(60);
      running -= 1;
      if (index[0] === 5) throw stepFailure('hotel API: 503\nmore of it');
    };
    for (const limits of [{}, small]) {
      [running, peak, three] = [0, 0, createGate()];
      const input = { limits, compensate: { parallel: 3 } };
      await withRun(
        env,
        { plan: booked, choose: splits(20), behave: failAtJoin, undo, input },
        async ({ runner, handle }) => {
          expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: no' });
          expect(peak).toBe(3);
          expect(runner.undone.length).toBe(21);
          expect(await memoOf(handle)).toMatchObject({
            total: 21,
            failed: [{ name: 'work[5]', error: 'hotel API: 503' }],
            unreached: [],
          });
        },
      );
    }
  });

  test("a deployment's default holds where the run says nothing else", async () => {
    for (const [compensate, expected] of [
      [undefined, 4],
      [{ cloned: true }, 4],
      [{ parallel: 2 }, 2],
    ] as const) {
      let running = 0;
      let peak = 0;
      const all = createGate();
      const undo = async () => {
        peak = Math.max(peak, (running += 1));
        if (running === expected) all.open();
        await all.pass();
        // Time for one too many.
        await pause(60);
        running -= 1;
      };
      const options = { plan: booked, choose: splits(9), behave: failAtJoin, undo, compensate: { parallel: 4 } };
      await withRun(env, { ...options, input: compensate ? { compensate } : {} }, async ({ handle }) => {
        await failureOf(handle.result());
        expect(peak).toBe(expected);
      });
    }
  });

  test.each([
    ['in the run', {}],
    ['in a child', small],
  ])('a cancel that comes while handlers run, %s, breaks nothing', async (_, limits) => {
    let begun = 0;
    const cancelled = createGate();
    const undo = async () => {
      if ((begun += 1) > 4) await cancelled.pass();
      await pause(40);
    };
    await withRun(
      env,
      { plan: booked, choose: splits(24), behave: failAtJoin, undo, input: { limits } },
      async ({ runner, handle }) => {
        await expect.poll(() => runner.undone.length, { timeout: 20_000 }).toBeGreaterThan(3);
        const { phase, compensation, children } = await handle.query<Progress, []>('progress');
        expect(phase).toBe('compensating');
        expect(compensation?.unreached.length).toBeGreaterThan(0);
        await handle.cancel();
        for (const id of children) await env.client.workflow.getHandle(id).cancel();
        cancelled.open();
        expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: no' });
        expect(new Set(runner.undone.map(({ key }) => key)).size).toBe(25);
        expect(runner.undone.length).toBe(25);
        expect(await memoOf(handle)).toMatchObject({ total: 25, failed: [], unreached: [] });
      },
    );
  });

  test('terminated by signal: tasks are cancelled, everything is undone, then it ends as Terminated', async () => {
    const behave = async ({ step, index }: { step: string; index: readonly number[] }) => {
      if (step === 'work' && index[0]! > 4) await untilCancelled();
    };
    // The third child, of four tasks, has no room.
    for (const [limits, tasks] of [
      [{}, 21],
      [small, 17],
    ] as const) {
      await withRun(
        env,
        { plan: booked, choose: splits(20), behave, input: { limits: { ...limits, childWindow: 10 } } },
        async ({ runner, handle }) => {
          const before = () => runner.tasks(`temporal-${handle.workflowId}`).size;
          await expect.poll(before, { timeout: 10_000 }).toBe(tasks);
          await handle.signal(TERMINATE_SIGNAL, { reason: 'wrong input' });
          expect(await failureOf(handle.result())).toMatchObject({
            type: 'Terminated',
            message: 'The run was terminated: wrong input',
          });
          expect((await handle.query<Progress, []>('progress')).phase).toBe('terminated');
          expect(runner.undone.map(({ index }) => index[0] ?? -1).sort((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3, 4]);
          expect(runner.undone[0]).toMatchObject({ failure: { type: 'Terminated' } });
          expect(runner.finishes).toMatchObject([{ status: 'failed', error: 'The run was terminated: wrong input' }]);
        },
      );
    }
  });

  test('a child that is terminated while it undoes: the others are undone, and the report names it', async () => {
    let begun = 0;
    const terminated = createGate();
    const undo = async () => {
      if ((begun += 1) > 3) await terminated.pass();
    };
    await withRun(
      env,
      { plan: booked, choose: splits(16), behave: failAtJoin, undo, input: { limits: small } },
      async ({ runner, handle, workflowId }) => {
        await expect.poll(() => runner.undone.length, { timeout: 20_000 }).toBeGreaterThan(2);
        const { children } = await handle.query<Progress, []>('progress');
        expect(children.length).toBe(1);
        await env.client.workflow.getHandle(children[0]!).terminate('a test');
        terminated.open();
        expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed', message: 'ValueError: no' });
        const name = children[0]!.slice(`${workflowId}.undo.`.length);
        expect(await memoOf(handle)).toMatchObject({ total: 17, unreached: [name], more: { unreached: 7 } });
        expect(runner.undone.at(-1)?.step).toBe('start');
        const keys = new Set(runner.undone.map(({ key }) => key));
        expect(keys.size).toBeGreaterThanOrEqual(9 + 3);
      },
    );
  });

  test('a child that is terminated at work is named as never reached, what else was done is undone', async () => {
    const behave = async ({ index }: { index: readonly number[] }) => {
      if (index[0] !== undefined && index[0] > 12) await untilCancelled();
    };
    await withRun(
      env,
      { plan: booked, choose: splits(16), behave, input: { limits: small } },
      async ({ runner, handle, workflowId }) => {
        const before = () => runner.tasks(`temporal-${handle.workflowId}`).size;
        await expect.poll(before, { timeout: 10_000 }).toBe(17);
        await expect
          .poll(async () => (await handle.query<Progress, []>('progress')).children, { timeout: 10_000 })
          .toEqual([`${workflowId}.work.8-16`]);
        await env.client.workflow.getHandle(`${workflowId}.work.8-16`).terminate('a test');
        expect(await failureOf(handle.result())).toMatchObject({
          type: 'ChildTerminated',
          message: `The child workflow ${workflowId}.work.8-16 was terminated.`,
        });
        expect(runner.undone.map(({ index }) => index[0] ?? -1).sort((a, b) => a - b)).toEqual([
          -1, 0, 1, 2, 3, 4, 5, 6, 7,
        ]);
        expect(await memoOf(handle)).toMatchObject({ total: 10, failed: [], unreached: ['work.8-16'] });
      },
    );
  });

  test('clones are undone only where the run was told so', async () => {
    const resume = { origin: 'temporal-HandFlow-0' };
    for (const [cloned, expected] of [
      [false, ['work[3]']],
      [true, 7],
    ] as const) {
      const input = { resume, ...(cloned ? { compensate: { cloned } } : {}) };
      const options = { plan: booked, choose: splits(6), behave: failAtJoin, input };
      const isClone = ({ step, index }: { step: string; index: readonly number[] }) =>
        step === 'start' || index[0] !== 3;
      await withRun(env, { ...options, cloned: isClone }, async ({ handle }) => {
        await failureOf(handle.result());
        const { compensated } = (await memoOf(handle))!;
        if (typeof expected === 'number') expect(compensated.length).toBe(expected);
        else expect(compensated).toEqual(expected);
      });
    }
  });

  test('tasks that a control task started are undone one by one', async () => {
    const plan = undoable(
      planOf(
        ['start', 'parallel', ['work'], 'join'],
        ['work', 'linear', ['join']],
        ['join', 'join', ['end']],
        ['end', 'end', []],
      ),
      'work',
    );
    await withRun(env, { plan, choose: () => ({}), behave: failAtJoin }, async ({ runner, handle }) => {
      await failureOf(handle.result());
      expect(runner.undone.map(({ taskId, key }) => [taskId, key.split('/').at(-1)])).toEqual([
        [undefined, 'temporal-work-0-0'],
        ['temporal-work-0-0_node_2', 'temporal-work-0-0_node_2'],
        ['temporal-work-0-0_node_1', 'temporal-work-0-0_node_1'],
      ]);
      expect((await memoOf(handle))?.compensated).toEqual(['work[0]', 'work[0]_node_2', 'work[0]_node_1']);
    });
  });

  test('a cancelled run ends as cancelled, however much it has to undo', async () => {
    const input = { limits: { softEvents: 60, hardEvents: 90, lastEvents: 140, undoInline: 5 } };
    const plan = undoable(loop, 'loop');
    await withRun(env, { plan, choose: rounds(1_000_000), input }, async ({ runner, handle, workflowId }) => {
      const size = () => runner.tasks(`temporal-${workflowId}`).size;
      await expect.poll(size, { timeout: 20_000 }).toBeGreaterThan(120);
      await env.client.workflow.getHandle(workflowId).cancel();
      expect(await failureOf(handle.result())).toBeInstanceOf(CancelledFailure);
      const { status } = await env.client.workflow.getHandle(workflowId).describe();
      expect(status.name).toBe('CANCELLED');
      const visits = runner.undone.map(({ visit }) => visit);
      expect(visits.length).toBeGreaterThan(120);
      expect(visits).toEqual(Array.from(visits, (_, i) => visits.length - 1 - i));
    });
  });

  test('a deadline leads to undoing, and one that passes meanwhile changes nothing; rounds of a loop, continuing as new', async () => {
    const plan = undoable(loop, 'loop');
    const endless = { plan, choose: rounds(1_000_000), input: { timeout: 4, limits: { softEvents: 40 } } };
    const late = { plan: booked, choose: splits(4), behave: failAtJoin, undo: () => stubborn(700) };
    // Side by side: for the most part both wait.
    await Promise.all([
      withRun(env, endless, async ({ runner, handle, workflowId }) => {
        expect(await failureOf(handle.result())).toMatchObject({ type: 'WorkflowTimeout' });
        const visits = runner.undone.map(({ visit }) => visit);
        expect(visits).toEqual(visits.toSorted((a, b) => b - a));
        expect(visits.length).toBeGreaterThan(20);
        expect(new Set(visits).size).toBe(visits.length);
        const histories = await historiesOf(env, workflowId);
        expect(longest(histories)).toBeLessThan(300);
        expect((await memoOf(handle))?.total).toBe(visits.length);
      }),
      withRun(env, { ...late, input: { timeout: 3 } }, async ({ runner, handle }) => {
        expect(await failureOf(handle.result())).toMatchObject({ type: 'StepFailed' });
        expect(runner.undone.length).toBe(5);
      }),
    ]);
  });
});
