import type { CompensateOptions, Plan, StepPolicy } from '@mft/graph';
import type { CancellationScope } from '@temporalio/workflow';
import type { EngineEvent } from '../engine/events.js';
import type { Limits } from '../engine/limits.js';
import type { RunFacts } from './input.js';

/** What happened, but for when. */
export type Happening = EngineEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

/** Tells the engine what became of a command. */
export type Tell = (happening: Happening) => void;

/** Where commands are carried out. */
export interface Bench {
  readonly plan: Plan;
  readonly facts: RunFacts;
  readonly limits: Limits;
  readonly compensate?: CompensateOptions;
  /** Holds all that `cancelAll` cancels. Commands are carried out within it; what it must not hold says so. */
  readonly work: CancellationScope;
  /** Reached by no cancellation. */
  readonly shield: CancellationScope;
  /** Registers the run with Metaflow. */
  readonly start?: () => Promise<void>;
  readonly tell: Tell;
  /** The same for the ends of tasks, see `together`. */
  readonly tellTask: Tell;
}

/** The part of an activity's input that says where its run came from: which run is resumed, and whether something triggered it. */
export function originOf({ resume, triggered }: RunFacts): Pick<RunFacts, 'resume' | 'triggered'> {
  return { ...(resume === undefined ? {} : { resume }), ...(triggered === undefined ? {} : { triggered }) };
}

/** The policy of a step. @throws Error when the plan has none: a defect */
export function policyOf({ policies }: Plan, step: string): StepPolicy {
  const policy = policies[step];
  if (policy === undefined) throw new Error(`The plan has no policy for step ${step}.`);
  return policy;
}
