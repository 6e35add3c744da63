import type { InputRun } from './inputs.js';
import type { TaskCoordinates } from './ids.js';
import type { Plan } from './plan.js';

/*
 * The activities that the interpreter calls. A team may bring a runner of its own: register functions of these names and types.
 * Nothing here carries an artifact, a parameter goes in exactly once (startMetaflowRun), and every payload stays small.
 */

/** Activity error types, as `ApplicationFailure.type` shows them. */
export const FAILURE = {
  /** The step's own code failed for good. Not retried. */
  step: 'StepFailed',
  /** The step's own code failed and has attempts left. */
  attempt: 'StepAttemptFailed',
  /** A worker or a launcher was lost; not the user's failure. */
  lost: 'TaskLost',
  /** The run cannot begin: bad parameters, run id already taken, deployment not found. */
  start: 'RunNotStarted',
  /** The run's own deadline passed. */
  timeout: 'WorkflowTimeout',
} as const;

/** What a run asks for at its beginning. */
export interface LoadPlanInput {
  /** Hash of the config to load; absent: whatever this task queue's worker serves now. */
  readonly hash?: string;
}

/** What a run keeps for its whole life, whatever is deployed meanwhile. */
export interface LoadedPlan {
  readonly hash: string;
  readonly plan: Plan;
  /** Tags that the deployment puts on every run. */
  readonly tags: readonly string[];
  /** `--workflow-timeout` of the deployment, in seconds. */
  readonly timeout?: number;
}

/** The run to register, and what it is given. */
export interface StartRunInput {
  readonly hash: string;
  readonly runId: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
}

/** A run that Metaflow knows. */
export interface StartedRun {
  /** `Flow/run` */
  readonly pathspec: string;
}

/** One task: where it stands, and which tasks it gets its inputs from. */
export interface TaskInput extends TaskCoordinates {
  readonly hash: string;
  readonly runId: string;
  readonly inputs: readonly InputRun[];
  /** Set for the first step of a foreach body (Metaflow's `--split-index`), never for the steps after it. */
  readonly splitIndex?: number;
  /** Set for joins: what kind of step opened what this join closes. */
  readonly joinType?: 'linear' | 'foreach';
  /** The control task of `num_parallel`, which starts its own siblings. */
  readonly parallel?: 'control';
  /** Tags of the run (deployment's and run's own). */
  readonly tags: readonly string[];
}

/** What the interpreter must know to go on, as the step itself decided it. */
export interface Transition {
  /** Of a foreach step: how many tasks it opens. */
  readonly splits?: number;
  /** Of a switch step: the step it chose. */
  readonly branch?: string;
  /** Of a control task of `@parallel`: ids of all tasks that the join must read, in order, itself among them. */
  readonly mappers?: readonly string[];
}

/** The result of a task, small and made to be read in Temporal's UI. */
export interface TaskResult {
  /** `Flow/run/step/task` */
  readonly pathspec: string;
  /** Metaflow's attempt number, from 0. */
  readonly attempt: number;
  /** Names of the public artifacts that the task holds, at most a few dozen. */
  readonly artifacts: readonly string[];
  /** One line of Python that fetches an artifact. */
  readonly fetch: string;
  readonly transition: Transition;
}

/** The run that has ended, and how. */
export interface FinishRunInput {
  readonly hash: string;
  readonly runId: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** One line, of the error that ended the run. */
  readonly error?: string;
}

/** The task that is to be undone. */
export interface CompensateInput extends TaskCoordinates {
  readonly hash: string;
  readonly runId: string;
  readonly handler: string;
  /** Stable over the attempts of this handler for this task: an idempotency key. */
  readonly key: string;
  readonly failure: { readonly step?: string; readonly type: string; readonly message: string };
}

/** Names and types of the activities, to be registered by a worker under exactly these names. */
export interface MetaflowActivities {
  /** Run as a *local* activity, first in every run: its answer lies in the run's history. */
  loadMetaflowPlan(input: LoadPlanInput): Promise<LoadedPlan>;
  /** Registers the run and writes `_parameters`. Heartbeats. Safe to repeat. */
  startMetaflowRun(input: StartRunInput): Promise<StartedRun>;
  /** Runs one attempt of one task. Heartbeats; cancel kills the task's process group. */
  runMetaflowTask(input: TaskInput): Promise<TaskResult>;
  /** Undoes one task. Heartbeats. */
  compensateMetaflowTask(input: CompensateInput): Promise<void>;
  /** Last in every run, whatever its outcome. Heartbeats. Safe to repeat. */
  finishMetaflowRun(input: FinishRunInput): Promise<void>;
}
