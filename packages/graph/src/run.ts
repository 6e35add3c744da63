import type { Compensation, CompensateOptions } from './compensation.js';
import type { TriggerEvent } from './triggers.js';

/** Name of the workflow type that runs a flow. */
export const METAFLOW_WORKFLOW = 'MetaflowWorkflow';

/** Signals of `MetaflowWorkflow` and its children: start no new task, and go on again. Both may be repeated. */
export const SUSPEND_SIGNAL = 'suspend';
export const UNSUSPEND_SIGNAL = 'unsuspend';

/**
 * Signal of `MetaflowWorkflow`, with one argument, a {@link TerminateRequest}: end as terminated, but undo first what can be undone.
 * Whoever wants nothing undone terminates the workflow by Temporal's own means.
 */
export const TERMINATE_SIGNAL = 'terminate';

/** The argument of {@link TERMINATE_SIGNAL}. */
export interface TerminateRequest {
  /** Why, for people. */
  readonly reason?: string;
}

/** Name in the memo of a run that has ended under which its {@link Compensation} lies, where there was anything to undo. */
export const COMPENSATION_MEMO = 'compensation';

/** What a run takes over from an earlier one of the same flow, as Metaflow's `resume`: finished tasks are cloned, not run again. */
export interface ResumeInput {
  /** Metaflow's run id of the earlier run: `temporal-HelloFlow-x7k2`, or that of a local `metaflow run`. */
  readonly origin: string;
  /** Run this step and all that come after it again, finished or not. */
  readonly step?: string;
}

/**
 * The one argument of `MetaflowWorkflow`, all of it optional: any Temporal client can start a run.
 *
 * @example
 * ```ts
 * await client.workflow.start('MetaflowWorkflow', { taskQueue: 'metaflow-HelloFlow', workflowId: 'HelloFlow-1', args: [{ params: { greeting: 'hi' } }] });
 * ```
 */
export interface RunInput {
  /** Parameters by Metaflow's name; those left out get their defaults. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Tags of this run, in addition to the deployment's. */
  readonly tags?: readonly string[];
  /** Seconds after which the run is ended with `WorkflowTimeout`; overrides the deployment's. */
  readonly timeout?: number;
  /** A foreach that opens more tasks fails the run with `TooManySplits`; overrides the deployment's. */
  readonly maxNumSplits?: number;
  /** Config to run, by hash; default: what the worker serves. */
  readonly hash?: string;
  /** Resume an earlier run: this one gets its parameters, so `params` must be left out. */
  readonly resume?: ResumeInput;
  /** How it is undone should it not complete; overrides the deployment's, field by field. */
  readonly compensate?: CompensateOptions;
  /** What started it: `current.trigger` in its steps. A run that a Temporal Schedule started adds the schedule by itself. */
  readonly triggers?: readonly TriggerEvent[];
}

/** What a completed run returns. */
export interface RunResult {
  /** `Flow/run` */
  readonly pathspec: string;
  readonly runId: string;
  /** Tasks that completed. */
  readonly tasks: number;
}

/** Counts of one step, in a {@link Progress}. Times are milliseconds since the epoch. */
export interface StepProgress {
  /** Tasks known of so far. A step not reached yet has 0. */
  total: number;
  running: number;
  done: number;
  failed: number;
  started?: number;
  ended?: number;
}

/** Query that answers a {@link Progress}, on `MetaflowWorkflow` and on its children alike. */
export const PROGRESS_QUERY = 'progress';

/** Where a run, or a child of one, stands: counts only, so it stays small at any width. */
export interface Progress {
  readonly runId: string;
  readonly phase:
    | 'starting'
    | 'running'
    | 'cancelling'
    | 'compensating'
    | 'finishing'
    | 'completed'
    | 'failed'
    | 'cancelled'
    | 'terminated';
  readonly steps: Readonly<Record<string, StepProgress>>;
  /** Present and true while the run is suspended: what runs goes on, nothing new starts. */
  readonly suspended?: boolean;
  /** Workflow ids of running children, whose counts must be added. */
  readonly children: readonly string[];
  /** Present once undoing has begun, where there is anything to undo. What a running child undoes is in the child's own. */
  readonly compensation?: Compensation;
}
