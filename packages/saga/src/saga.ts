/*
 * A saga for workflows.
 *
 * S1. A step is recorded when its forward part has completed, and only then.
 * S2. Before the first compensation, steps still under way are cancelled and waited for; those that complete anyway are undone too.
 * S3. Compensation runs in a scope that no cancellation reaches.
 * S4. `state` is plain data at any moment; a workflow that continues as new hands it on, and {@link Saga.from} takes it up.
 */
import { ApplicationFailure, CancellationScope, sleep, uuid4 } from '@temporalio/workflow';
import { causeOf, isFinal } from './failure.js';
import { beginSaga, emptySaga, lastFirst, recordBlock, recordEntry, recordInto, reportOf } from './log.js';
import { requeue, settle, takeNext } from './log.js';
import type { Lanes, SagaCause, SagaEntry, SagaReport, SagaState } from './types.js';

/** How often a compensation is tried. Activities retry by themselves: this is for handlers that are more than one activity. */
export interface SagaRetry {
  /** Attempts in all. @defaultValue 1 */
  readonly maximumAttempts?: number;
  /** Milliseconds before the second attempt. @defaultValue 1000 */
  readonly initialInterval?: number;
  /** Each wait is as many times longer than the one before. @defaultValue 2 */
  readonly backoffCoefficient?: number;
  /** Longest wait, in milliseconds. @defaultValue 60000 */
  readonly maximumInterval?: number;
}

/** What a handler is told beside the data of its entry. */
export interface CompensationContext {
  /** The same for each attempt, and for no other entry: an idempotency key. */
  readonly key: string;
  /** From 1. */
  readonly attempt: number;
  /** Why everything is undone. */
  readonly cause: SagaCause;
}

/** Undoes one entry. It may be called again after an interruption, so it must be safe to repeat. */
export type Compensation<T> = (data: T, context: CompensationContext) => unknown;

/** Handlers by the names of their steps. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each handler knows the type of its own step's result
export type Compensations = Readonly<Record<string, Compensation<any>>>;

/** What the log keeps of a step. */
export interface StepData {
  readonly handler: string;
  readonly value: unknown;
  readonly retry?: SagaRetry;
}

export interface StepOptions {
  readonly retry?: SagaRetry;
  /** Steps of one group have no order among themselves: they may be undone side by side. */
  readonly group?: string;
}

export interface CompensateOptions extends Lanes {
  /**
   * Asked before each compensation is begun. Once it answers true, nothing more is begun, and {@link Saga.compensate} returns when the
   * running ones have ended: the moment to continue as new with {@link Saga.state}.
   */
  readonly pause?: () => boolean;
}

/**
 * Records what a workflow did and undoes it, last first.
 *
 * @example
 * ```ts
 * const saga = new Saga();
 * try {
 *   const hotel = await saga.step('hotel', () => acts.bookHotel(trip), (booking) => acts.cancelHotel(booking));
 *   await acts.pay(trip);
 * } catch (error) {
 *   await saga.compensate(error);
 *   throw error;
 * }
 * ```
 */
export class Saga {
  #state: SagaState<StepData> = emptySaga();
  /** By entry: what this execution recorded itself. */
  readonly #own = new Map<string, Compensation<unknown>>();
  /** By name: what was taken over. */
  readonly #handlers = new Map<string, Compensation<unknown>>();
  readonly #under = new Map<CancellationScope, Promise<unknown>>();
  #compensating = false;

  /**
   * Takes up a saga that another execution began.
   *
   * @param state - what {@link Saga.state} was
   * @param handlers - a handler for each name in the state: functions cannot be carried over
   * @throws TypeError when one is missing. Temporal tries the workflow task again, until a worker with the handler is deployed
   * @example
   * ```ts
   * const saga = input.saga ? Saga.from(input.saga, { hotel: acts.cancelHotel }) : new Saga();
   * ```
   */
  static from(state: SagaState<StepData>, handlers: Compensations): Saga {
    const saga = new Saga();
    saga.#state = requeue(state);
    saga.#register(handlers);
    saga.#check();
    return saga;
  }

  /** All that has happened so far, as plain data: entries, their data, what was undone. */
  get state(): SagaState<StepData> {
    return this.#state;
  }

  /** What came of undoing, so far. */
  get report(): SagaReport {
    return reportOf(this.#state);
  }

  /**
   * Does something that can be undone.
   *
   * @param name - names the step in reports, and its handler in {@link Saga.from}
   * @param forward - does it. Its result is what the handler gets; it must survive JSON where the workflow continues as new
   * @param compensate - undoes it
   * @returns what `forward` returned
   * @throws what `forward` threw; an ApplicationFailure of type `SagaClosed` when compensation has begun
   * @example
   * ```ts
   * const hotel = await saga.step('hotel', () => acts.bookHotel(trip), (booking, { key }) => acts.cancelHotel(booking, key));
   * ```
   */
  async step<T>(
    name: string,
    forward: () => Promise<T>,
    compensate: Compensation<T>,
    options: StepOptions = {},
  ): Promise<T> {
    this.#refuseIfClosed(name);
    const scope = new CancellationScope();
    const done = scope.run(forward).then((value) => {
      this.#record(name, value, compensate as Compensation<unknown>, options);
      return value;
    });
    this.#under.set(scope, done);
    try {
      return await done;
    } finally {
      this.#under.delete(scope);
    }
  }

  /**
   * Notes something that was done, or, called before doing it, that may have been done.
   *
   * @throws ApplicationFailure of type `SagaClosed` when compensation has begun
   * @example
   * ```ts
   * saga.add({ name: 'seat', data: seat, compensate: (seat) => acts.release(seat), retry: { maximumAttempts: 5 } });
   * ```
   */
  add<T = undefined>(
    entry: { readonly name: string; readonly compensate: Compensation<T>; readonly data?: T } & StepOptions,
  ): void {
    this.#refuseIfClosed(entry.name);
    this.#record(entry.name, entry.data, entry.compensate as Compensation<unknown>, entry);
  }

  /**
   * Takes over what a child workflow did, as one block, to be undone here.
   *
   * @param block - names the child
   * @param state - the child's {@link Saga.state}
   * @param handlers - as for {@link Saga.from}
   * @throws TypeError when a handler is missing
   */
  adopt(block: string, state: SagaState<StepData>, handlers: Compensations): void {
    this.#refuseIfClosed(block);
    this.#register(handlers);
    this.#state = recordBlock(this.#state, block, requeue(state).items);
    this.#check();
  }

  /**
   * Undoes everything that was recorded, last first. Does not throw: a handler that fails for good is in the report, and the others run.
   *
   * @param error - why; handlers see its type and message. Absent for a saga that was already being compensated when it was carried over
   * @param options - `parallel` entries at a time, by default of any kind (`scope: 'all'`)
   * @returns the report
   * @example
   * ```ts
   * const report = await saga.compensate(error, { parallel: 4 });
   * if (!report.complete) log.warn(describeReport(report));
   * ```
   */
  async compensate(error?: unknown, options: CompensateOptions = {}): Promise<SagaReport> {
    if (this.#compensating)
      throw ApplicationFailure.nonRetryable('The saga is already being compensated.', 'SagaClosed');
    this.#compensating = true;
    try {
      return await CancellationScope.nonCancellable(async () => {
        this.#state = beginSaga(this.#state, causeOf(error ?? 'asked for'));
        await this.#stopSteps();
        await this.#undoAll({ scope: 'all', ...options });
        return this.report;
      });
    } finally {
      this.#compensating = false;
    }
  }

  async #stopSteps(): Promise<void> {
    for (const scope of this.#under.keys()) scope.cancel();
    await Promise.allSettled(this.#under.values());
  }

  async #undoAll(options: CompensateOptions): Promise<void> {
    const running = new Set<Promise<void>>();
    for (;;) {
      if (options.pause?.() !== true) {
        const { state, entries } = takeNext(this.#state, options);
        this.#state = state;
        for (const entry of entries) {
          const undone = this.#undo(entry).finally(() => running.delete(undone));
          running.add(undone);
        }
      }
      if (running.size === 0) return;
      await Promise.race(running);
    }
  }

  async #undo(entry: SagaEntry<StepData>): Promise<void> {
    const { handler, value, retry = {} } = entry.data;
    const cause = this.#state.cause ?? causeOf('asked for');
    const attempts = Math.max(1, retry.maximumAttempts ?? 1);
    let wait = retry.initialInterval ?? 1000;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const compensate = this.#own.get(entry.id) ?? this.#handlers.get(handler);
        await compensate?.(value, { key: entry.id, attempt, cause });
        this.#state = settle(this.#state, entry.id);
        return;
      } catch (error) {
        if (attempt >= attempts || isFinal(error)) {
          this.#state = settle(this.#state, entry.id, causeOf(error).message);
          return;
        }
      }
      await sleep(Math.min(wait, retry.maximumInterval ?? 60_000));
      wait *= retry.backoffCoefficient ?? 2;
    }
  }

  #record(name: string, value: unknown, compensate: Compensation<unknown>, { retry, group }: StepOptions): void {
    const entry = { id: uuid4(), name, data: { handler: name, value, ...(retry && { retry }) } };
    this.#own.set(entry.id, compensate);
    this.#state = group === undefined ? recordEntry(this.#state, entry) : recordInto(this.#state, group, entry);
  }

  #register(handlers: Compensations): void {
    for (const [name, handler] of Object.entries(handlers)) this.#handlers.set(name, handler);
  }

  #check(): void {
    for (const entry of lastFirst(this.#state.items)) {
      const { handler } = entry.data;
      if (this.#own.has(entry.id) || this.#handlers.has(handler)) continue;
      throw new TypeError(`Saga: no handler "${handler}" was given to compensate it with.`);
    }
  }

  #refuseIfClosed(name: string): void {
    if (this.#state.cause === undefined) return;
    throw ApplicationFailure.nonRetryable(`"${name}" cannot begin: the saga is being compensated.`, 'SagaClosed');
  }
}
