import type { CompensateOptions } from '@mft/graph';
import type { EngineState, Limits, RangeReport, RunError, TaskSpec } from '../../src/index.js';
import type { Expected } from './reference.js';

/* What a simulated run is made of, and what became of it. */

export interface Options {
  readonly limits?: Partial<Limits>;
  /** Chance in a hundred that a task fails. */
  readonly failing?: number;
  /** After how many steps of the simulation the run is cancelled, or its deadline passes. */
  readonly cancelAt?: number;
  readonly deadlineAt?: number;
  /** Chance in a hundred that a workflow is held before an event. */
  readonly holding?: number;
  /** Chance in a hundred, at each step of the simulation, that the run is suspended, or goes on if it is. */
  readonly suspending?: number;
  /** Chance in a hundred that a task was cloned from an earlier run. */
  readonly cloning?: number;
  /** Undo clones as well, so many at a time. */
  readonly compensate?: CompensateOptions;
  /** Chance in a hundred, at each step of the simulation, that a child is terminated. */
  readonly losing?: number;
  /** The same of one that undoes a block. */
  readonly losingUndo?: number;
  /** After how many steps of the simulation the run is terminated, and undone. */
  readonly terminateAt?: number;
  /** Undoing began with earlier code: no block is undone by a child. */
  readonly earlier?: boolean;
  /** Turn every state into JSON and back. */
  readonly viaJson?: boolean;
}

export interface Trace {
  readonly report: RangeReport;
  readonly state: EngineState;
  /** Started tasks by id, in order of their start. */
  readonly started: Map<string, Expected & { readonly task: TaskSpec }>;
  /** Ids of tasks that completed, in order. */
  readonly completed: string[];
  /** The same, last first, those of a child all at the place where the child ended. */
  readonly lastFirst: readonly string[];
  /** Ids of completed tasks that were cloned. */
  readonly cloned: ReadonlySet<string>;
  /** How often the run was suspended. */
  readonly suspensions: number;
  /** Ids of tasks whose handlers were begun, in order. */
  readonly undone: readonly string[];
  /** Most handlers that ran at a time. */
  readonly undoneAtOnce: number;
  /** Children that were to undo a block. */
  readonly undoChildren: number;
  /** Names of lost children that had completed something, and of those lost while they undid. */
  readonly lost: ReadonlyMap<string, readonly string[]>;
  readonly lostBlocks: ReadonlyMap<string, readonly string[]>;
  readonly failures: RunError[];
  readonly violations: string[];
  readonly children: number;
}
