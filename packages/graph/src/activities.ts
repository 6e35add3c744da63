import type { InputRun } from './inputs.js';
import type { CompensateOptions } from './compensation.js';
import type { ExitHookInput, ExitHookResult, ExitHooks } from './exit-hooks.js';
import type { TaskCoordinates } from './ids.js';
import type { Plan } from './plan.js';
import type { ResumeInput } from './run.js';
import type { SearchAttributeValues } from './search-attributes.js';
import type { TriggerEvent } from './triggers.js';

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
  /** A worker was stopped in good order and gave the task back; the workflow schedules it again, and nothing is counted. */
  handedOver: 'TaskHandedOver',
  /** The run cannot begin: bad parameters, run id already taken, deployment not found. */
  start: 'RunNotStarted',
  /** The run's own deadline passed. */
  timeout: 'WorkflowTimeout',
  /** A foreach opened more tasks than the run allows. */
  splits: 'TooManySplits',
  /** An exit hook failed, or was cut off; it is not called again. */
  hook: 'ExitHookFailed',
  /** Somebody ended the run, and what could be undone was undone first. */
  terminated: 'Terminated',
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
  /** `--max-num-splits` of the deployment. */
  readonly maxNumSplits?: number;
  /** How runs of the deployment are undone, where a run does not say otherwise. */
  readonly compensate?: CompensateOptions;
  /** What is called when the run has ended. */
  readonly exitHooks?: ExitHooks;
  /** Search attributes that the namespace has; absent where it has none of ours. */
  readonly searchAttributes?: SearchAttributeValues;
  /** A completed run is announced: this worker and those like it have {@link AnnounceActivities}. */
  readonly announce?: true;
}

/** The run to register, and what it is given. */
export interface StartRunInput {
  readonly hash: string;
  readonly runId: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** Clone what an earlier run has finished. */
  readonly resume?: ResumeInput;
  /** What started the run; tasks find it with what this registers. */
  readonly triggers?: readonly TriggerEvent[];
}

/** A run that Metaflow knows. */
export interface StartedRun {
  /** `Flow/run` */
  readonly pathspec: string;
  /** Of a resumed run: how many tasks were cloned. */
  readonly cloned?: number;
}

/** What was there of a task before it was scheduled again. */
export interface AttemptsBefore {
  /** Metaflow's number of the attempt to be made: of the one that was cut off, as if that had never been. */
  readonly number: number;
  /** Attempts before that one which failed by themselves. */
  readonly failures: number;
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
  /** The control task of `num_parallel` or of an unbounded foreach, which starts its own siblings. */
  readonly parallel?: 'control';
  /** Tags of the run (deployment's and run's own). */
  readonly tags: readonly string[];
  /** The workflow schedules a task again that a stopped worker gives back. Without it, such an attempt counts as lost. */
  readonly handover?: true;
  /** Of a task that a stopped worker gave back. */
  readonly before?: AttemptsBefore;
  /** As the run was started with: a task that was cloned at the start is answered without being run. */
  readonly resume?: ResumeInput;
  /** The run was started by an event, a run or a schedule: `current.trigger` says by which. */
  readonly triggered?: true;
}

/** What the interpreter must know to go on, as the step itself decided it. */
export interface Transition {
  /** Of a foreach step: how many tasks it opens. */
  readonly splits?: number;
  /** Of a foreach step over an unbounded foreach's input: it opens one control task, which finds out how many there are. */
  readonly unbounded?: true;
  /** Of a switch step: the step it chose. */
  readonly branch?: string;
  /** Of a control task: ids of all tasks that the join must read, in order; under `@parallel` itself among them. */
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
  /** Taken over from the origin of a resumed run. */
  readonly cloned?: true;
}

/** The run that has ended, and how. */
export interface FinishRunInput {
  readonly hash: string;
  readonly runId: string;
  readonly status: 'completed' | 'failed' | 'cancelled';
  /** One line, of the error that ended the run. */
  readonly error?: string;
  readonly resume?: ResumeInput;
}

/** The task that is to be undone. */
export interface CompensateInput extends TaskCoordinates {
  readonly hash: string;
  readonly runId: string;
  /** As of a task. */
  readonly handover?: true;
  readonly handler: string;
  /** Id of the task where its coordinates do not tell: a task that the control task of `@parallel` started. */
  readonly taskId?: string;
  /** Stable over the attempts of this handler for this task: an idempotency key. */
  readonly key: string;
  readonly failure: { readonly step?: string; readonly type: string; readonly message: string };
  readonly resume?: ResumeInput;
  /** As of a task. */
  readonly triggered?: true;
}

/** A completed run that is to be announced to the deployments that wait for it. */
export interface AnnounceRunInput {
  readonly hash: string;
  readonly runId: string;
  /** When it completed, seconds since the epoch, whole. */
  readonly timestamp: number;
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
  /** The end of every run, whatever its outcome. Heartbeats. Safe to repeat. */
  finishMetaflowRun(input: FinishRunInput): Promise<void>;
  /** Calls one exit hook, after the run's end. Heartbeats. Not repeated once the hook has begun. */
  runExitHook(input: ExitHookInput): Promise<ExitHookResult>;
}

/** The activity of runners whose `loadMetaflowPlan` answers `announce: true`. */
export interface AnnounceActivities {
  /** Publishes the end of a run. Safe to repeat. */
  announceMetaflowRun(input: AnnounceRunInput): Promise<void>;
}
