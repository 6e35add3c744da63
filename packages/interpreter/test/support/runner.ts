import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  FAILURE,
  inputPaths,
  taskIdOf,
  type AnnounceActivities,
  type AnnounceRunInput,
  type CompensateInput,
  type CompensateOptions,
  type ExitHookInput,
  type ExitHooks,
  type FinishRunInput,
  type MetaflowActivities,
  type Plan,
  type SearchAttributeValues,
  type StartRunInput,
  type TaskInput,
} from '@mft/graph';
import { transitionOf, type Choose } from './choices.js';
import type { Expected } from './reference.js';

/*
 * A runner that decides what steps decide and runs no Python: what a team would write that brings its own activities.
 */

export interface RunnerOptions {
  readonly plan: Plan;
  readonly choose: Choose;
  readonly timeout?: number;
  readonly maxNumSplits?: number;
  readonly tags?: readonly string[];
  readonly compensate?: CompensateOptions;
  /** What a task does before it completes: it may wait, or throw. */
  readonly behave?: (task: TaskInput) => Promise<void> | void;
  /** Whether a task of a resumed run was cloned. */
  readonly cloned?: (task: TaskInput) => boolean;
  readonly undo?: (input: CompensateInput) => Promise<void> | void;
  readonly start?: (input: StartRunInput) => Promise<void> | void;
  readonly finish?: (input: FinishRunInput) => Promise<void> | void;
  readonly exitHooks?: ExitHooks;
  readonly searchAttributes?: SearchAttributeValues;
  readonly hook?: (input: ExitHookInput) => Promise<void> | void;
  /** Completed runs are announced by this; without it, they are not. */
  readonly announce?: (input: AnnounceRunInput) => Promise<void> | void;
}

export interface Runner {
  readonly activities: MetaflowActivities & AnnounceActivities;
  /** Tasks begun, by run id and then by task id. */
  readonly tasks: (runId: string) => Map<string, Expected>;
  readonly starts: StartRunInput[];
  readonly finishes: FinishRunInput[];
  readonly undone: CompensateInput[];
  /** Exit hooks in the order in which they were called. */
  readonly hooked: string[];
  /** Ids of tasks that ended because they were cancelled. */
  readonly cancelled: string[];
  /** How many tasks began more than once. */
  readonly repeated: string[];
  /** Origins that tasks were told of. */
  readonly resumed: ReadonlySet<string>;
}

export const HASH = 'a'.repeat(64);

export function createRunner(options: RunnerOptions): Runner {
  const { plan, choose } = options;
  const begun = new Map<string, Map<string, Expected>>();
  const starts: StartRunInput[] = [];
  const finishes: FinishRunInput[] = [];
  const undone: CompensateInput[] = [];
  const hooked: string[] = [];
  const cancelled: string[] = [];
  const repeated: string[] = [];
  const resumed = new Set<string>();
  const tasks = (runId: string) => {
    if (!begun.has(runId)) begun.set(runId, new Map());
    return begun.get(runId)!;
  };
  const activities: Runner['activities'] = {
    loadMetaflowPlan: async ({ hash }) => {
      if (hash !== undefined && hash !== HASH)
        throw ApplicationFailure.nonRetryable(`No config ${hash}.`, FAILURE.start);
      const { timeout, maxNumSplits, compensate, exitHooks, searchAttributes, tags = [] } = options;
      return {
        hash: HASH,
        plan,
        tags,
        ...(timeout === undefined ? {} : { timeout }),
        ...(maxNumSplits === undefined ? {} : { maxNumSplits }),
        ...(compensate === undefined ? {} : { compensate }),
        ...(exitHooks === undefined ? {} : { exitHooks }),
        ...(searchAttributes === undefined ? {} : { searchAttributes }),
        ...(options.announce === undefined ? {} : { announce: true as const }),
      };
    },
    startMetaflowRun: async (input) => {
      starts.push(input);
      await options.start?.(input);
      return { pathspec: `${plan.graph.name}/${input.runId}` };
    },
    runMetaflowTask: async (input) => {
      const id = taskIdOf(input);
      const { splitIndex, joinType, parallel } = input;
      if (tasks(input.runId).has(id)) repeated.push(id);
      tasks(input.runId).set(id, {
        inputs: inputPaths('r', input.inputs).map((path) => path.slice(2)),
        ...(splitIndex === undefined ? {} : { splitIndex }),
        ...(joinType === undefined ? {} : { joinType }),
        ...(parallel === undefined ? {} : { control: true as const }),
      });
      if (input.resume !== undefined) resumed.add(input.resume.origin);
      try {
        await options.behave?.(input);
      } catch (error) {
        if (Context.current().cancellationSignal.aborted) cancelled.push(id);
        throw error;
      }
      const pathspec = `${plan.graph.name}/${input.runId}/${input.step}/${id}`;
      return {
        pathspec,
        attempt: Context.current().info.attempt - 1,
        artifacts: ['x'],
        fetch: `metaflow.Task("${pathspec}").data.x`,
        transition: transitionOf(plan, choose, input),
        ...(options.cloned?.(input) === true ? { cloned: true as const } : {}),
      };
    },
    compensateMetaflowTask: async (input) => {
      undone.push(input);
      await options.undo?.(input);
    },
    finishMetaflowRun: async (input) => {
      finishes.push(input);
      await options.finish?.(input);
    },
    runExitHook: async (input) => {
      hooked.push(input.hook);
      await options.hook?.(input);
      return { output: `${input.hook} was here` };
    },
    announceMetaflowRun: async (input) => {
      await options.announce?.(input);
    },
  };
  return { activities, tasks, starts, finishes, undone, hooked, cancelled, repeated, resumed };
}

/** A step that fails for good, with a Python traceback as the real runner gives it. */
export function stepFailure(message: string): ApplicationFailure {
  const failure = ApplicationFailure.create({
    message,
    type: FAILURE.step,
    nonRetryable: true,
    details: [{ attempt: 0 }],
  });
  failure.stack = `Traceback (most recent call last):\n  File "flow.py", line 7, in train\n    raise\n${message}`;
  return failure;
}

/** Waits until it is cancelled, with heartbeats, as a task does that takes long. */
export async function untilCancelled(): Promise<never> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 100);
  try {
    return await context.cancelled;
  } finally {
    clearInterval(beat);
  }
}

/** Waits for a while with heartbeats, milliseconds, cancelled or not. */
export async function stubborn(milliseconds: number): Promise<void> {
  const context = Context.current();
  for (const end = Date.now() + milliseconds; Date.now() < end;) {
    context.heartbeat();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
