import { LauncherLostError } from './errors.js';
import type { LauncherProcess } from './process.js';
import type { Answer, CloseRequest, OpenRequest } from './protocol.js';

/** What a planner that joins a run is told of it. */
export type JoinOptions = Omit<OpenRequest, 'op' | 'run_id' | 'register' | 'triggers'>;

interface Planner {
  readonly opened: Promise<Answer>;
  /** Of the execution that registered the run here; undefined where it was only joined. */
  readonly token: string | undefined;
  /** Tasks that use it now. */
  users: number;
  /** Milliseconds since the epoch. */
  lastUsed: number;
}

/**
 * The planners of one launcher: one per run, opened by the run's start or by the first task of a run that another worker began.
 *
 * P1. At most one `open` of a run is under way.
 * P2. A planner that is there already says nothing about who may register: a launcher answers `open` by what it has.
 * P3. One that could not be opened, or that lost a task, is forgotten: the next task opens it anew.
 */
export class Planners {
  readonly #launcher: LauncherProcess;
  readonly #known = new Map<string, Planner>();

  constructor(launcher: LauncherProcess) {
    this.#launcher = launcher;
  }

  /** How many runs have a planner here. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * Register a run, or repeat that: the token tells whether it is the same execution.
   *
   * @throws LauncherLostError when the launcher died.
   */
  async register(request: OpenRequest): Promise<Answer> {
    const known = this.#known.get(request.run_id);
    if (known && known.token !== request.token) {
      if (known.token !== undefined || known.users > 0) return taken(request.run_id);
      await this.release(request.run_id);
    }
    return this.#add(request).opened;
  }

  /**
   * Have a planner for a run that is registered already, and keep it while `work` runs.
   *
   * @throws LauncherLostError when the planner cannot be had.
   */
  async using<T>(runId: string, join: JoinOptions, work: () => Promise<T>): Promise<T> {
    const planner = this.#known.get(runId) ?? this.#add({ op: 'open', run_id: runId, register: false, ...join });
    planner.users++;
    try {
      const answer = await planner.opened;
      if (!answer.ok) throw new LauncherLostError(`The run ${runId} could not be joined: ${answer.error.message}`);
      return await work();
    } finally {
      planner.users--;
      planner.lastUsed = Date.now();
    }
  }

  /** Forget a planner that does not answer any more. */
  forget(runId: string): void {
    this.#known.delete(runId);
  }

  /**
   * End a run: its decorators are told, by a planner that joins where there is none. Where it cannot be joined there is
   * nothing to tell.
   *
   * @throws LauncherLostError when the launcher died.
   */
  async close(runId: string, join: JoinOptions, status: Exclude<CloseRequest['status'], 'released'>): Promise<Answer> {
    const planner = this.#known.get(runId) ?? this.#add({ op: 'open', run_id: runId, register: false, ...join });
    await planner.opened;
    return this.#end(runId, status);
  }

  /** Let go of a planner that has been idle: the run goes on elsewhere or later, or was terminated. */
  async release(runId: string): Promise<void> {
    await this.#end(runId, 'released');
  }

  #end(runId: string, status: CloseRequest['status']): Promise<Answer> {
    this.#known.delete(runId);
    return this.#launcher.request({ op: 'close', run_id: runId, status }).answer;
  }

  /** Runs that nothing has used for that long, in milliseconds. */
  idle(ms: number): string[] {
    const before = Date.now() - ms;
    return [...this.#known]
      .filter(([, planner]) => planner.users === 0 && planner.lastUsed < before)
      .map(([runId]) => runId);
  }

  #add(request: OpenRequest): Planner {
    const opened = this.#launcher.request(request).answer;
    const planner: Planner = { opened, token: request.token, users: 0, lastUsed: Date.now() };
    this.#known.set(request.run_id, planner);
    const forget = (): void => {
      if (this.#known.get(request.run_id) === planner) this.#known.delete(request.run_id);
    };
    opened.then((answer) => {
      if (!answer.ok) forget();
    }, forget);
    return planner;
  }
}

function taken(runId: string): Answer {
  return {
    re: '',
    ok: false,
    error: {
      kind: 'failed',
      code: 'RUN_ID_TAKEN',
      message: `Run id ${runId} is already registered by another execution.`,
    },
  };
}
