import type { FlowConfig } from '@mft/graph';
import { Backoff } from './backoff.js';
import { LauncherLostError } from './errors.js';
import { Planners } from './planners.js';
import type { LauncherProcess } from './process.js';

/*
 * P1. At most one launcher per deployment (config hash) lives or starts at a time.
 * P2. A launcher that died is replaced by the next request; what it ran has failed as lost by then.
 * P3. One that is to stay is replaced before there is a request: at once, and with growing patience where it keeps dying. One that cannot be
 *     started then waits for the request, which is told why.
 * P4. A launcher that need not stay leaves when it has had no work for a while.
 */

/** A live launcher and what it serves. */
export interface Session {
  readonly hash: string;
  readonly config: FlowConfig;
  readonly launcher: LauncherProcess;
  readonly planners: Planners;
}

/** How a {@link LauncherPool} gets what it keeps. */
export interface PoolOptions {
  /** Whether the launcher of a deployment stays without work. */
  stays(hash: string): boolean;
  configOf(hash: string): Promise<FlowConfig>;
  start(config: FlowConfig, hash: string): Promise<LauncherProcess>;
  /** Milliseconds after which unused planners, and launchers that need not stay, end. */
  readonly idle: number;
  /** Told about what went wrong where nobody waits for it. */
  readonly onError: (error: unknown) => void;
}

/** Launchers by deployment. */
export class LauncherPool {
  readonly #options: PoolOptions;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #lastUsed = new Map<string, number>();
  readonly #backoffs = new Map<string, Backoff>();
  readonly #sweeper: NodeJS.Timeout;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweeper = setInterval(
      () => void this.#sweep().catch(options.onError),
      Math.max(1000, Math.min(options.idle / 2, 60_000)),
    );
    this.#sweeper.unref();
  }

  /**
   * A live launcher for a deployment, started where there is none.
   *
   * @throws LauncherFatalError, LauncherLostError where it cannot be started; MftError where there is no such config.
   *
   * @example
   * ```ts
   * const { launcher, planners } = await pool.session(hash);
   * ```
   */
  async session(hash: string): Promise<Session> {
    this.#lastUsed.set(hash, Date.now());
    const known = this.#sessions.get(hash);
    if (known) {
      const session = await known.catch(() => undefined);
      if (session?.launcher.alive) return session;
      // Whoever comes first after a death makes room; the others find the new one.
      if (this.#sessions.get(hash) === known) this.#sessions.delete(hash);
      else return this.session(hash);
    }
    if (this.#closed) throw new LauncherLostError('This worker is shutting down.');
    return this.#begin(hash);
  }

  /** Whether this worker is going away: what its launchers lose from now on is lost on purpose. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Take no more work, let running tasks finish within `graceMs`, end every launcher.
   *
   * @param graceMs - milliseconds.
   */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweeper);
    const sessions = [...this.#sessions.values()];
    await Promise.all(
      sessions.map(async (starting) => {
        const session = await starting.catch(() => undefined);
        await session?.launcher.shutdown(graceMs);
      }),
    );
    this.#sessions.clear();
  }

  #begin(hash: string): Promise<Session> {
    const starting = this.#start(hash);
    this.#sessions.set(hash, starting);
    void starting.then(
      ({ launcher }) => this.#refill(hash, starting, launcher),
      () => undefined,
    );
    return starting;
  }

  /** Wait for the death of a launcher, then start another, unless somebody has. */
  async #refill(hash: string, dead: Promise<Session>, launcher: LauncherProcess): Promise<void> {
    const begun = performance.now();
    await launcher.exited;
    const wanted = (): boolean => !this.#closed && this.#sessions.get(hash) === dead && this.#options.stays(hash);
    if (!wanted()) return;
    let backoff = this.#backoffs.get(hash);
    if (!backoff) this.#backoffs.set(hash, (backoff = new Backoff()));
    await new Promise((resolve) => setTimeout(resolve, backoff.after(performance.now() - begun)).unref());
    if (wanted()) await this.#begin(hash).catch(() => undefined);
  }

  async #start(hash: string): Promise<Session> {
    const config = await this.#options.configOf(hash);
    const launcher = await this.#options.start(config, hash);
    return { hash, config, launcher, planners: new Planners(launcher) };
  }

  async #sweep(): Promise<void> {
    for (const [hash, starting] of this.#sessions) {
      const session = await starting.catch(() => undefined);
      if (!session?.launcher.alive) continue;
      for (const runId of session.planners.idle(this.#options.idle)) await session.planners.release(runId);
      const unused = Date.now() - (this.#lastUsed.get(hash) ?? 0) > this.#options.idle;
      if (this.#options.stays(hash) || !unused || session.launcher.busy > 0 || session.planners.size > 0) continue;
      this.#sessions.delete(hash);
      await session.launcher.shutdown(0);
    }
  }
}
