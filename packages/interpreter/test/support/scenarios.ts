import { FAILURE, SUSPEND_SIGNAL, TERMINATE_SIGNAL, UNSUSPEND_SIGNAL } from '@mft/graph';
import { ApplicationFailure } from '@temporalio/common';
import type { Choose } from './choices.js';
import { planOf, policyOf } from './graphs.js';
import { stepFailure, untilCancelled, type RunnerOptions } from './runner.js';
import type { Run } from './world.js';

/** Runs worth keeping the histories of. */
export type Scenario = RunnerOptions & { readonly input?: object; readonly act?: (run: Run) => Promise<void> };

/** start ─ split(a: foreach(work: loop), b: switch(x|y)) ─ join ─ end */
export const mixed = planOf(
  ['start', 'split', ['a', 'b'], 'both'],
  ['a', 'foreach', ['work'], 'gather'],
  ['work', 'switch', ['work', 'rest']],
  ['rest', 'linear', ['gather']],
  ['gather', 'join', ['both']],
  ['b', 'switch', ['x', 'y']],
  ['x', 'linear', ['y']],
  ['y', 'linear', ['both']],
  ['both', 'join', ['end']],
  ['end', 'end', []],
);
export const chooseMixed: Choose = ({ name }, { index, visit }) => {
  if (name === 'a') return { splits: 7 };
  if (name === 'work') return { branch: visit < index[0]! ? 'work' : 'rest' };
  return name === 'b' ? { branch: 'x' } : {};
};

/** start ─ foreach(work) ─ join ─ end */
export const wide = planOf(
  ['start', 'foreach', ['work'], 'join'],
  ['work', 'linear', ['join']],
  ['join', 'join', ['end']],
  ['end', 'end', []],
);
/** Every foreach is so wide. */
export const splits =
  (n: number): Choose =>
  (node) =>
    node.type === 'foreach' ? { splits: n } : {};

/** One step that goes to itself, and the end. */
export const loop = planOf(['loop', 'switch', ['loop', 'end']], ['end', 'end', []]);
export const rounds =
  (n: number): Choose =>
  (_, { visit }) => ({ branch: visit < n - 1 ? 'loop' : 'end' });

/** start ─ foreach(a ─ foreach(b ─ c) ─ inner) ─ join ─ end: what starts next depends on which of several tasks ended first. */
const nested = planOf(
  ['start', 'foreach', ['a'], 'join'],
  ['a', 'foreach', ['b'], 'inner'],
  ['b', 'linear', ['c']],
  ['c', 'linear', ['inner']],
  ['inner', 'join', ['join']],
  ['join', 'join', ['end']],
  ['end', 'end', []],
);

const undoing = { ...wide, policies: { ...wide.policies, start: policyOf('undo_start'), work: policyOf('undo_work') } };
const small = { childThreshold: 10, childSize: 5, childrenAtOnce: 2 };

/** Replayed in every test run, so that a change which breaks runs under way is noticed. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  mixed: { plan: mixed, choose: chooseMixed, input: { params: { greeting: 'hi' }, tags: ['recorded'] } },
  loop: { plan: loop, choose: rounds(40), input: { limits: { softEvents: 100 } } },
  children: { plan: undoing, choose: splits(24), input: { limits: { ...small, softEvents: 40, hardEvents: 60 } } },
  failure: {
    plan: undoing,
    choose: splits(24),
    input: { limits: small, timeout: 3600 },
    behave: async ({ index }) => {
      if (index[0] === 7) throw stepFailure('ValueError: no');
      if (index[0] !== undefined && index[0] > 2) await untilCancelled();
    },
  },
  cancelled: {
    plan: undoing,
    choose: splits(6),
    behave: async ({ step }) => {
      if (step === 'work') await untilCancelled();
    },
    act: async ({ handle, runner }) => {
      while (runner.tasks(`temporal-${handle.workflowId}`).size < 7)
        await new Promise((resolve) => setTimeout(resolve, 50));
      await handle.cancel();
    },
  },
  suspended: {
    plan: undoing,
    choose: splits(24),
    input: { limits: { ...small, window: 2, childWindow: 1, softEvents: 40, hardEvents: 60 } },
    behave: () => new Promise((resolve) => setTimeout(resolve, 30)),
    act: async ({ handle, runner }) => {
      const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      while (runner.tasks(`temporal-${handle.workflowId}`).size < 5) await pause(20);
      await handle.signal(SUSPEND_SIGNAL);
      await pause(1500);
      await handle.signal(UNSUSPEND_SIGNAL);
    },
  },
  resumed: {
    plan: undoing,
    choose: splits(6),
    input: { resume: { origin: 'temporal-HandFlow-0', step: 'join' } },
    cloned: ({ step, index }) => step === 'start' || index[0] !== 3,
    behave: ({ step }) => {
      if (step === 'join') throw stepFailure('ValueError: no');
    },
  },
  undone: {
    plan: undoing,
    choose: splits(24),
    input: { limits: { ...small, undoInline: 3, softEvents: 40, hardEvents: 60 }, compensate: { parallel: 2 } },
    behave: ({ step }) => {
      if (step === 'join') throw stepFailure('ValueError: no');
    },
    undo: ({ index }) => {
      if (index[0] === 7) throw stepFailure('hotel API: 503');
    },
  },
  limited: { plan: undoing, choose: splits(6), maxNumSplits: 5, exitHooks: { success: [], error: ['page'] } },
  hooked: {
    plan: undoing,
    choose: splits(2),
    exitHooks: { success: [], error: ['page', 'tell'] },
    behave: ({ step }) => {
      if (step === 'join') throw stepFailure('ValueError: no');
    },
    hook: ({ hook }) => {
      if (hook === 'page') throw ApplicationFailure.nonRetryable('ValueError: no pager', FAILURE.hook);
    },
  },
  shown: {
    plan: loop,
    choose: rounds(40),
    input: { limits: { softEvents: 100 } },
    searchAttributes: { values: { flow: 'HandFlow', user: 'tester' }, runId: true, tags: true },
    tags: ['recorded'],
  },
  // Recorded by code that told the engine of each end of a task by promises of its own.
  together: {
    plan: nested,
    choose: splits(7),
    input: { limits: { window: 20 }, timeout: 2 },
    behave: async ({ step, index, before }) => {
      // In beats, so that many end together, on the beat of the deadline as well.
      await new Promise((resolve) => setTimeout(resolve, 50 - (Date.now() % 50)));
      const given = (index[0] ?? 0) * 3 + (index[1] ?? 0);
      if (step !== 'start' && given % 4 === 1 && before === undefined)
        throw ApplicationFailure.nonRetryable('stopped', FAILURE.handedOver, { before: { number: 0, failures: 0 } });
      if (step === 'c' && index.join() === '6,6') await untilCancelled();
    },
  },
  terminated: {
    plan: undoing,
    choose: splits(6),
    behave: async ({ index }) => {
      if (index[0] !== undefined && index[0] > 2) await untilCancelled();
    },
    act: async ({ handle, runner }) => {
      while (runner.tasks(`temporal-${handle.workflowId}`).size < 7)
        await new Promise((resolve) => setTimeout(resolve, 50));
      await handle.signal(TERMINATE_SIGNAL, { reason: 'recorded' });
    },
  },
  triggered: {
    plan: wide,
    choose: splits(3),
    input: { triggers: [{ type: 'event', name: 'data_ready', id: '1', timestamp: 1_700_000_000, payload: { a: 1 } }] },
    announce: () => undefined,
  },
};
