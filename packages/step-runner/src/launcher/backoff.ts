/*
 * How long to wait before something that ended is begun anew.
 *
 * B1. What lived long enough begins again at once; what ends early waits twice as long each time, up to a limit.
 */

const FIRST = 500;
const LONGEST = 60_000;

/** Counts early ends of one thing. */
export class Backoff {
  readonly #longEnough: number;
  #wait = 0;

  /** @param longEnough - milliseconds that it must have lived for its end not to count as an early one. @defaultValue 30000 */
  constructor(longEnough = 30_000) {
    this.#longEnough = longEnough;
  }

  /**
   * Milliseconds to wait, after an end.
   *
   * @param lived - milliseconds that it lived
   *
   * @example
   * ```ts
   * const backoff = new Backoff();
   * backoff.after(60_000); // 0
   * backoff.after(10); // 500
   * backoff.after(10); // 1000
   * ```
   */
  after(lived: number): number {
    this.#wait = lived >= this.#longEnough ? 0 : Math.min(LONGEST, this.#wait * 2 || FIRST);
    return this.#wait;
  }
}
