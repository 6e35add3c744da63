/** Sizes that keep every history, payload and state bounded. Plain data, kept in the state: a run keeps the limits it began with. */
export interface Limits {
  /** Most tasks in flight in one workflow. */
  readonly window: number;
  /** Most tasks in flight in one child. Smaller: several children are at work at once. */
  readonly childWindow: number;
  /** A foreach wider than this runs as children over ranges of its indices. */
  readonly childThreshold: number;
  /**
   * A foreach of at least so many indices inside of other ones also runs as children, where all of them together are more tasks than
   * `childThreshold`. Absent in runs that began with earlier code, where only a foreach of its own width does.
   */
  readonly childNested?: number;
  /** Indices in one child. Never above `childThreshold`, or a child would need children for its own range. */
  readonly childSize: number;
  /** Most children in flight in one workflow. */
  readonly childrenAtOnce: number;
  /**
   * What a child did is undone by a child of its own if it is more tasks than this, what the workflow itself did if it is ten times as
   * many or the run was cancelled. Absent in runs that began with earlier code.
   */
  readonly undoInline?: number;
  /** Events of history from which a workflow continues as new as soon as nothing is in flight. */
  readonly softEvents: number;
  /** Events from which it starts nothing more until it has continued as new. */
  readonly hardEvents: number;
  /** The same for a run that was cancelled: only the execution that got the request can end as cancelled. */
  readonly lastEvents: number;
  /** Bytes of history, as `softEvents`. */
  readonly softBytes: number;
  /** Bytes of history, as `hardEvents`. */
  readonly hardBytes: number;
  /** The one that a user sets (`--max-num-splits`): a foreach that opens more tasks fails the run. Absent: none does. */
  readonly maxNumSplits?: number;
}

/**
 * What runs begin with.
 *
 * The window is bounded from above by Temporal's buffer: events that arrive while a workflow task is under way are buffered, two for
 * each activity that ends, and at 100 of them the server breaks the workflow task off, whose replay then costs far more than the
 * window gains (900 × 3 empty tasks on a busy machine: 65 a second at 150, 109 at 100, 160 at 50).
 *
 * More children at once carry more workers, and cost the server nothing: 5,000 activities that do nothing went at 640, 660 and 682 a second with
 * 4, 8 and 16 (medians of three). But a run that begins later waits behind all that this one has handed to the task queue.
 */
export const LIMITS: Required<Omit<Limits, 'maxNumSplits'>> = {
  window: 100,
  childWindow: 50,
  childThreshold: 1000,
  childNested: 100,
  childSize: 500,
  childrenAtOnce: 8,
  undoInline: 100,
  softEvents: 4000,
  hardEvents: 8000,
  lastEvents: 9500,
  softBytes: 3_000_000,
  hardBytes: 7_000_000,
};
