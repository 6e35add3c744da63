import { Context } from '@temporalio/activity';
import type { AttemptReport } from '../attempts.js';
import { cutEnd } from '../text.js';

const LAST_LINE_BYTES = 200;

/**
 * Heartbeats of one running task at a steady pace, each with what the next attempt and a person in Temporal's UI want to know. The first one is
 * sent at once only where it has something to tell: each costs the server a write, and a short task ends before the next.
 *
 * @example
 * ```ts
 * const heart = new Heart(Context.current(), 2000, attempt.failures);
 * try { … } finally { heart.stop(); }
 * ```
 */
export class Heart {
  /** Sends heartbeats while `work` runs. */
  static async during<T>(every: number, work: () => Promise<T>): Promise<T> {
    const heart = new Heart(Context.current(), every, 0);
    try {
      return await work();
    } finally {
      heart.stop();
    }
  }

  readonly #context: Context;
  readonly #timer: NodeJS.Timeout;
  #report: AttemptReport;

  /**
   * @param every - milliseconds between heartbeats.
   * @param failures - attempts before this one that failed by themselves: a loss must not make them forgotten.
   */
  constructor(context: Context, every: number, failures: number) {
    this.#context = context;
    this.#report = { failures };
    if (failures > 0) this.#beat();
    this.#timer = setInterval(() => this.#beat(), every);
  }

  /** Whether the task has had a process. */
  get hasStarted(): boolean {
    return this.#report.pid !== undefined;
  }

  /** The task has a process now. */
  started(pid: number): void {
    this.#report = { ...this.#report, pid };
  }

  /** From here on it must not be begun again by anybody; told at once. */
  begun(begun: boolean): void {
    this.#report = { ...this.#report, begun };
    this.#beat();
  }

  /** The task printed a line. */
  line(line: string): void {
    this.#report = { ...this.#report, lastLine: cutEnd(line, LAST_LINE_BYTES) };
  }

  /** Tell the next attempt that this one failed by itself; before the failure is thrown. */
  failed(): void {
    this.#report = { ...this.#report, failures: this.#report.failures + 1 };
    this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    this.#context.heartbeat(this.#report);
  }
}
