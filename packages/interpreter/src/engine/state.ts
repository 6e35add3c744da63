import type { CompensateOptions, InputRun, StepProgress, TaskCoordinates } from '@mft/graph';
import type { SagaState } from '@mft/saga';
import type { Limits } from './limits.js';
import type { Log } from './log.js';
import type { UndoTask } from './pile.js';
import type { Undoing } from './undo.js';

/*
 * The state of a run, or of a child that runs a range of a foreach: plain JSON, nothing else. Properties that are absent are
 * left out, never `undefined`, so that JSON changes nothing.
 */

/** Where a walk stands: in which frame (`null`: in none), and in which branch or at which index of it. */
export interface Place {
  readonly frame: number | null;
  readonly slot: number;
}

/** A task that may start. */
export interface Token extends TaskCoordinates, Place {
  readonly inputs: readonly InputRun[];
  readonly splitIndex?: number;
  readonly joinType?: 'linear' | 'foreach';
  readonly parallel?: 'control';
}

/** A task in flight. */
export interface RunningTask extends TaskCoordinates, Place {
  readonly parallel?: 'control';
}

/** Indices (or branches) `from … to - 1` of a frame ended with the same step at the same visit. */
export interface EndRun {
  readonly from: number;
  readonly to: number;
  readonly step: string;
  readonly visit: number;
}

/** Indices `from … to - 1` that ended in no regular order: `order` says of each which of `kinds` it was, as `unpackOrder` reads it. */
export interface PackedEnds {
  readonly from: number;
  readonly to: number;
  readonly kinds: readonly (readonly [step: string, visit: number])[];
  readonly order: string;
}

/** How some neighbouring indices of a frame ended. */
export type End = EndRun | PackedEnds;

/** What a split, foreach or parallel step opened and its join has not closed yet. */
export interface Frame extends Place {
  /** `range`: the outermost frame of a child, a part of a foreach whose join belongs to the parent. */
  readonly kind: 'split' | 'foreach' | 'parallel' | 'range';
  /** The task that opened it. Its index path is also the frame's. */
  readonly opener: TaskCoordinates;
  readonly join: string;
  /** Next index that was not begun; `end` is one past the last. A foreach makes its tokens one by one. */
  readonly cursor: number;
  readonly end: number;
  /** Branches that have not arrived at the join. */
  readonly left: number;
  /** Those that have, sorted by `from`. */
  readonly ends: readonly End[];
  /** Of a parallel frame: what its control task named. */
  readonly mappers?: { readonly step: string; readonly taskIds: readonly string[] };
}

/** What may start next: a task, or the next index of a frame. */
export type Ready = { readonly token: Token } | { readonly frame: number };

/** A child in flight, over indices `from … to - 1` of a frame. */
export interface RunningChild {
  readonly frame: number;
  readonly from: number;
  readonly to: number;
  /** The step that opened the frame, which is gone once the run stops. Absent in runs that began with earlier code. */
  readonly opener?: string;
}

/** Why a run did not complete. Plain data. */
export interface RunError {
  /** Type of the Temporal failure: `StepFailed`, `TaskLost`, `WorkflowTimeout`, … */
  readonly type: string;
  readonly message: string;
  /** The task that failed, where one did. */
  readonly task?: TaskCoordinates;
  /** The Python traceback, where there is one. */
  readonly stack?: string;
  /** Details of the activity's failure, as the step runner gave them. */
  readonly details?: readonly unknown[];
}

export type Outcome =
  | { readonly status: 'completed' }
  | { readonly status: 'failed' | 'cancelled' | 'terminated'; readonly error: RunError };

/** `stopping`: nothing new starts, what is in flight is cancelled and waited for. */
export type Phase = 'idle' | 'starting' | 'running' | 'stopping' | 'compensating' | 'ended';

export interface EngineState {
  readonly phase: Phase;
  /** A child over a range of a foreach, rather than a whole run. */
  readonly range: boolean;
  readonly limits: Limits;
  /** While true nothing starts: the workflow is about to continue as new. */
  readonly held: boolean;
  /** While true no task and no child starts: somebody asked for it. Absent as long as nobody has. */
  readonly suspended?: boolean;
  /** The run is being registered with Metaflow. */
  readonly starting: boolean;
  /** False as long as the run is certainly not registered with Metaflow. */
  readonly begun: boolean;
  readonly frames: Readonly<Record<string, Frame>>;
  readonly nextFrame: number;
  /** A stack: the last one starts first, so that inner frames are finished before outer ones go on. */
  readonly ready: readonly Ready[];
  /** A stack of frames that run as children and have indices left. */
  readonly wide: readonly number[];
  /** By task id. */
  readonly running: Readonly<Record<string, RunningTask>>;
  /** By the child's name, see {@link childNameOf}. */
  readonly children: Readonly<Record<string, RunningChild>>;
  /** What is to be undone should the run not complete. */
  readonly log: Log;
  /** Tasks that are being undone. */
  readonly saga: SagaState<UndoTask>;
  /** How the run is undone, where it was told. */
  readonly compensate?: CompensateOptions;
  readonly undoing?: Undoing;
  readonly steps: Readonly<Record<string, StepProgress>>;
  /** Tasks that completed, those of children that ended among them. */
  readonly done: number;
  readonly outcome?: Outcome;
}

/** A part of a foreach, for a child. */
export interface RangeSpec {
  readonly opener: TaskCoordinates;
  readonly join: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The name of a child, unique in its run.
 *
 * @example
 * ```ts
 * childNameOf('train', [2], 0, 500); // 'train.2.0-500'
 * ```
 */
export function childNameOf(body: string, index: readonly number[], from: number, to: number): string {
  return [body, ...(index.length === 0 ? [] : [index.join('_')]), `${from}-${to}`].join('.');
}
