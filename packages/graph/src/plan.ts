import type { FlowGraph } from './graph.js';

/**
 * How often a step is tried. Metaflow numbers attempts from 0 and never makes more than six; the attempts after the `user` ones
 * run the fallback of `@catch` rather than the user's code.
 */
export interface RetryPolicy {
  /** Retries of the user's code, as the largest `step_task_retry_count()` of the step's decorators says. */
  readonly user: number;
  /** Attempts beyond those, in which a decorator (`@catch`) handles the failure. */
  readonly error: number;
  /** Constant wait between attempts, in minutes. */
  readonly minutesBetween: number;
  /**
   * Further attempts granted when a worker or a launcher was lost, which is not the user's failure.
   * 2, or 0 under `@retry(times=0)`.
   */
  readonly losses: number;
}

/** What undoes a step, and how patiently. */
export interface CompensationPolicy {
  /** Name of the method of the flow that undoes the step. */
  readonly handler: string;
  readonly retries: number;
  readonly minutesBetween: number;
  /** Seconds that one attempt may take. */
  readonly timeout: number;
}

/** What the interpreter must know of a step beside its place in the graph. */
export interface StepPolicy {
  readonly retry: RetryPolicy;
  /** Seconds of `@timeout`, which acts inside the step: the activity's own timeout must be longer. Absent: no limit. */
  readonly timeout?: number;
  /** MB (1,000,000 bytes) that a task of the step takes where it runs, of `@resources(memory=…)`. Absent: nothing is said, or it runs elsewhere. */
  readonly memory?: number;
  readonly compensate?: CompensationPolicy;
}

/** All that the interpreter needs of a flow: the graph, and a policy for each of its steps. Plain data. */
export interface Plan {
  readonly graph: FlowGraph;
  readonly policies: Readonly<Record<string, StepPolicy>>;
}

/** Metaflow's own bound (`MAX_ATTEMPTS`). */
export const MAX_ATTEMPTS = 6;

/**
 * How many times Temporal may try the activity of a step: the user's attempts, `@catch`'s, and those granted for lost workers.
 *
 * @example
 * ```ts
 * maximumAttempts({ user: 3, error: 1, minutesBetween: 2, losses: 2 }); // 6
 * ```
 */
export function maximumAttempts(retry: RetryPolicy): number {
  return Math.min(MAX_ATTEMPTS, 1 + retry.user + retry.error + retry.losses);
}
