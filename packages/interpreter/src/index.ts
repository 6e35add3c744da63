export { advance } from './engine/advance.js';
export type { Advance } from './engine/advance.js';
export { inFlight } from './engine/draft.js';
export { initialRange, initialRun, initialUndo } from './engine/initial.js';
export { LIMITS } from './engine/limits.js';
export type { Limits } from './engine/limits.js';
export type { Log, LogBlock, LogItem, Lost } from './engine/log.js';
export type { Pile, UndoTask } from './engine/pile.js';
export type { Undoing } from './engine/undo.js';
export type { Command, EngineEvent, RangeReport, TaskSpec } from './engine/events.js';
export type {
  End,
  EndRun,
  EngineState,
  Frame,
  Outcome,
  PackedEnds,
  Phase,
  Place,
  RangeSpec,
  Ready,
  RunError,
  RunningChild,
  RunningTask,
  Token,
} from './engine/state.js';
