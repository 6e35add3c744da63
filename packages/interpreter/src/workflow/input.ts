import type { CompensateOptions, LoadedPlan, ResumeInput, RunInput } from '@mft/graph';
import { LIMITS, type Limits } from '../engine/limits.js';
import type { Log } from '../engine/log.js';
import type { EngineState, RangeSpec, RunError } from '../engine/state.js';

/** What every workflow of a run knows of it. */
export interface RunFacts {
  readonly hash: string;
  readonly runId: string;
  /** Tags of the deployment and of the run. */
  readonly tags: readonly string[];
  /** Workflow id of the run; children are named after it. */
  readonly workflowId: string;
  /** The run whose finished tasks this one has taken over. */
  readonly resume?: ResumeInput;
  /** Something started the run that its tasks can ask for. */
  readonly triggered?: true;
}

/** What a run hands on to itself when it continues as new. Parameters are not among it: they went in at the start. */
export interface Continued extends RunFacts {
  readonly state: EngineState;
  /** Seconds of `timeout`, for the message. */
  readonly timeout?: number;
  /** Milliseconds since the epoch: absolute, so that it is the same after continuing. */
  readonly deadline?: number;
  /** `Flow/run`, once the run is registered. */
  readonly pathspec?: string;
}

/** The one argument of `MetaflowWorkflow`: what people give it, or what it gives itself. */
export type RunArgument = RunInput & {
  /** Other sizes than the usual ones, for tests and for measuring. */
  readonly limits?: Partial<Limits>;
  readonly continued?: Continued;
};

/** The one argument of `MetaflowRangeWorkflow`. */
export interface RangeArgument extends RunFacts {
  readonly range: RangeSpec;
  readonly limits: Limits;
  readonly compensate?: CompensateOptions;
  readonly continued?: EngineState;
}

/** The one argument of `MetaflowCompensationWorkflow`. */
export interface UndoArgument extends RunFacts {
  readonly items: Log;
  /** Why the run is undone. */
  readonly failure: RunError;
  readonly limits: Limits;
  readonly compensate?: CompensateOptions;
  readonly continued?: EngineState;
}

/** The facts alone, of anything that has them. */
export function factsOf({ hash, runId, tags, workflowId, resume, triggered }: RunFacts): RunFacts {
  return {
    ...{ hash, runId, tags, workflowId },
    ...(resume === undefined ? {} : { resume }),
    ...(triggered === undefined ? {} : { triggered }),
  };
}

/** Seconds after which a run is to end: its own, else its deployment's. Zero and less mean none. */
export function timeoutOf(input: RunInput, loaded: LoadedPlan): number | undefined {
  const seconds = input.timeout ?? loaded.timeout;
  return seconds !== undefined && seconds > 0 ? seconds : undefined;
}

/** Sizes of a run. Tasks that one foreach may open: as the run says, else its deployment; zero and less mean any number. */
export function limitsOf(argument: RunArgument, loaded: LoadedPlan): Limits {
  const most = argument.maxNumSplits ?? loaded.maxNumSplits;
  return {
    ...{ ...LIMITS, ...argument.limits },
    ...(most !== undefined && most > 0 ? { maxNumSplits: most } : {}),
  };
}

/** How a run is undone: field by field its own, else its deployment's. */
export function compensateOf(input: RunInput, loaded: LoadedPlan): CompensateOptions | undefined {
  const options = { ...loaded.compensate, ...input.compensate };
  return Object.keys(options).length === 0 ? undefined : options;
}
