import type { Compensation, InputRun, StepProgress, TaskCoordinates, Transition } from '@mft/graph';
import type { Log } from './log.js';
import type { UndoTask } from './pile.js';
import type { End, Outcome, RangeSpec, RunError } from './state.js';

/** What a child answers, whatever became of it. */
export interface RangeReport {
  readonly outcome: Outcome;
  /** How each index ended. Covers the whole range where the outcome is `completed`. */
  readonly ends: readonly End[];
  readonly done: number;
  readonly steps: Readonly<Record<string, StepProgress>>;
  /** What is to be undone should the run fail, in order of completion. */
  readonly saga: Log;
  /** What undoing came to, where there was anything to undo. */
  readonly compensation?: Compensation;
}

/** What happened. `at`: milliseconds since the epoch, for progress alone; no decision depends on it. */
export type EngineEvent = { readonly at: number } & (
  | { readonly type: 'begin' }
  | { readonly type: 'started' }
  /** `begun: false`: the run was refused, so there is nothing to finish. */
  | { readonly type: 'startFailed'; readonly error: RunError; readonly begun: boolean }
  | { readonly type: 'startCancelled' }
  | { readonly type: 'taskDone'; readonly id: string; readonly transition: Transition; readonly cloned?: true }
  | { readonly type: 'taskFailed'; readonly id: string; readonly error: RunError }
  | { readonly type: 'taskCancelled'; readonly id: string }
  | { readonly type: 'childDone'; readonly id: string; readonly report: RangeReport }
  /** The child ended without a report: it was terminated, or never started. */
  | { readonly type: 'childFailed'; readonly id: string; readonly error: RunError }
  | { readonly type: 'childCancelled'; readonly id: string }
  /** The answer to `askUndo`: whether large blocks are undone by children. */
  | { readonly type: 'undo'; readonly inChildren: boolean }
  /** A task was undone, or could not be (`error`, one line). */
  | { readonly type: 'undone'; readonly id: string; readonly error?: string }
  | { readonly type: 'blockUndone'; readonly id: string; readonly report: Compensation }
  /** The child that was to undo a block ended without a report. */
  | { readonly type: 'blockLost'; readonly id: string }
  | { readonly type: 'cancel' }
  /** Somebody wants the run to end, and what it did undone. */
  | { readonly type: 'terminate'; readonly message: string }
  | { readonly type: 'deadline'; readonly message: string }
  /** Start nothing until `resume`. */
  | { readonly type: 'hold' }
  | { readonly type: 'resume' }
  /** Somebody wants nothing new to start until `unsuspend`. */
  | { readonly type: 'suspend' }
  | { readonly type: 'unsuspend' }
);

/** A task as its activity needs it, but for what is the same for the whole run. */
export interface TaskSpec extends TaskCoordinates {
  readonly inputs: readonly InputRun[];
  readonly splitIndex?: number;
  readonly joinType?: 'linear' | 'foreach';
  readonly parallel?: 'control';
}

/** What is to be done about it. Each but `cancelAll`, `tellChildren` and `finish` is answered by an event, of the same id where it has one. */
export type Command =
  | { readonly type: 'start' }
  | { readonly type: 'runTask'; readonly id: string; readonly task: TaskSpec }
  | { readonly type: 'startChild'; readonly id: string; readonly range: RangeSpec }
  /** Cancel everything in flight; each of it still answers. */
  | { readonly type: 'cancelAll' }
  /** Pass `suspend` or `unsuspend` on to the children in flight, as the state says. */
  | { readonly type: 'tellChildren'; readonly suspended: boolean }
  /** Undoing begins: has it begun with this code? Answered at once, by `undo`. */
  | { readonly type: 'askUndo' }
  | {
      readonly type: 'compensate';
      readonly id: string;
      readonly task: UndoTask;
      readonly handler: string;
      readonly failure: RunError;
    }
  /** Have a child undo what another one did. */
  | { readonly type: 'undoBlock'; readonly id: string; readonly items: Log; readonly failure: RunError }
  /** The end, once and last. `report` says what became of a range, and is made for a whole run too. */
  | { readonly type: 'finish'; readonly report: RangeReport; readonly begun: boolean };
