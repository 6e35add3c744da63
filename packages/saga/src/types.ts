/*
 * The plain data that a saga consists of. Whatever is in here survives JSON and continue-as-new, as long as the caller's own
 * `data` does.
 */

/** Something that was done and can be undone. */
export interface SagaEntry<D = unknown> {
  /** Unique in its saga and stable for ever: what undoes the entry may use it as an idempotency key. */
  readonly id: string;
  /** What a person reads in a report. Default: the id. */
  readonly name?: string;
  /** What undoing needs to know. Must survive JSON where the state is to be carried over. */
  readonly data: D;
}

/**
 * What a child, or a group, did: undone as one, before anything that was recorded earlier and after anything recorded later.
 * Blocks nest.
 */
export interface SagaBlock<D = unknown> {
  readonly block: string;
  /** In order of completion. */
  readonly items: readonly SagaItem<D>[];
}

export type SagaItem<D = unknown> = SagaEntry<D> | SagaBlock<D>;

/** Why everything is undone. */
export interface SagaCause {
  readonly type: string;
  readonly message: string;
}

/** An entry that could not be undone. */
export interface SagaFailure {
  readonly id: string;
  readonly name: string;
  /** One line. */
  readonly error: string;
}

/** All there is to know of a saga. Plain data. */
export interface SagaState<D = unknown> {
  /** Done and not yet being undone, in order of completion. */
  readonly items: readonly SagaItem<D>[];
  /** Being undone right now, in the order in which they were begun. */
  readonly running: readonly SagaEntry<D>[];
  /** Ids of the blocks around the entry that was begun last. */
  readonly within?: readonly string[];
  /** Names of the entries that were undone, in that order. */
  readonly compensated: readonly string[];
  readonly failed: readonly SagaFailure[];
  /** Set once undoing began. */
  readonly cause?: SagaCause;
}

/** What came of undoing. */
export interface SagaReport {
  /** True when everything that was recorded has been undone. */
  readonly complete: boolean;
  /** Names, in the order in which they were undone. */
  readonly compensated: readonly string[];
  readonly failed: readonly SagaFailure[];
  /** Names of the entries that were not tried, or not to the end, in the order in which they would have been undone. */
  readonly unreached: readonly string[];
}

/** As much of a report as {@link describeReport} reads: one that was cut short says how many names each list left out. */
export interface ReportNames {
  readonly compensated: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
  readonly unreached: readonly string[];
  readonly more?: { readonly compensated?: number; readonly failed?: number; readonly unreached?: number };
}

/** How many entries are undone side by side. */
export interface Lanes {
  /** Most entries at a time. @defaultValue 1 */
  readonly parallel?: number;
  /**
   * `blocks`: side by side only among the entries of one block; the blocks themselves, and what lies outside of any, strictly one
   * after another. `all`: begun last first, as many at a time as `parallel` says. @defaultValue 'blocks'
   */
  readonly scope?: 'blocks' | 'all';
}
