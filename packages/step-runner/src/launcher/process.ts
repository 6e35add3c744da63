import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { PROTOCOL_VERSION } from '@mft/metaflow-extension';
import { Channel } from './channel.js';
import { LauncherFatalError, LauncherLostError } from './errors.js';
import { signalGroup } from './groups.js';
import { LineSplitter } from './lines.js';
import type { Answer, Incoming, ReadyMessage, Request, StartedEvent } from './protocol.js';
import type { LauncherOptions, RunningRequest, TaskListener } from './process-types.js';

/*
 * One launcher: a Python process with a process group of its own, spoken to over descriptors 3 and 4.
 *
 * L1. Every request is settled exactly once: by its answer, or by LauncherLostError when the process is gone.
 * L2. An answer that was written before the process died still counts.
 * L3. When the process is gone, so is every process group that it reported as started and did not report as ended.
 */

interface Pending {
  readonly listener: TaskListener;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** Leader of the task's process group, once started. */
  pid?: number;
}

// Milliseconds a launcher gets to exit after it closed its channel.
const EXIT_PATIENCE = 3000;
// Milliseconds beyond the grace of a shutdown, in which it kills what is left and stores the logs of that.
const SHUTDOWN_PATIENCE = 6000;
const REMEMBERED_LINES = 15;

/** A running launcher; {@link LauncherProcess.start} makes one. */
export class LauncherProcess {
  /** Resolves when the process is gone and everything about it is settled; never rejects. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #pending = new Map<string, Pending>();
  readonly #lastLines: string[] = [];
  readonly #onLine: LauncherOptions['onLine'];
  readonly #ready: Promise<ReadyMessage>;
  #settleReady!: { resolve(ready: ReadyMessage): void; reject(error: Error): void };
  #nextId = 1;
  #gone = false;
  #closing = false;

  private constructor(options: LauncherOptions) {
    this.#onLine = options.onLine;
    const [program, ...args] = options.command;
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }));
    this.#ready.catch(() => undefined);
    const [, stdout, stderr, toChild, fromChild] = this.#child.stdio;
    this.#channel = new Channel(fromChild as Readable, toChild as Writable, {
      message: (message) => this.#receive(message as Incoming),
      garbage: (line) => this.#onLine?.('stderr', `not understood: ${line}`),
      closed: () => this.#killSoon(),
    });
    this.#forward(stdout as Readable, 'stdout');
    this.#forward(stderr as Readable, 'stderr');
    this.exited = new Promise((resolve) => {
      const over = (reason: string): void => void this.#bury(reason).then(resolve);
      this.#child.once('error', (error) => over(`could not be started: ${error.message}`));
      this.#child.once('exit', (code, signal) =>
        over(signal ? `was killed by ${signal}` : `exited with status ${code}`),
      );
    });
    this.#channel.send(options.init);
  }

  /**
   * Start a launcher and wait until it can serve.
   *
   * @throws LauncherFatalError when it says why it cannot; {@link LauncherLostError} when it dies, or says nothing in time.
   *
   * @example
   * ```ts
   * const launcher = await LauncherProcess.start({ command: ['python3', ...launcherArguments()], env, cwd, init });
   * ```
   */
  static async start(options: LauncherOptions): Promise<LauncherProcess> {
    const launcher = new LauncherProcess(options);
    const patience = options.startTimeout ?? 120_000;
    const timer = setTimeout(() => {
      launcher.#settleReady.reject(new LauncherLostError(`The Python launcher said nothing for ${patience} ms.`));
      launcher.kill();
    }, patience);
    try {
      await launcher.#ready;
      return launcher;
    } catch (error) {
      launcher.kill();
      await launcher.exited;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What the launcher said of itself. */
  get info(): Promise<ReadyMessage> {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it takes requests. */
  get alive(): boolean {
    return !this.#gone && !this.#closing && this.#channel.open;
  }

  /** How many requests wait for their answer. */
  get busy(): number {
    return this.#pending.size;
  }

  /**
   * Send a request.
   *
   * @example
   * ```ts
   * const { id, answer } = launcher.request({ op: 'task', … }, { log: ({ line }) => console.log(line) });
   * ```
   */
  request(request: Request, listener: TaskListener = {}): RunningRequest {
    const id = String(this.#nextId++);
    if (this.#gone || !this.#channel.open)
      return { id, answer: Promise.reject(new LauncherLostError('The Python launcher is gone.')) };
    const answer = new Promise<Answer>((resolve, reject) => this.#pending.set(id, { listener, resolve, reject }));
    this.#channel.send({ ...request, id });
    return { id, answer };
  }

  /**
   * Ask a task's process group to end: SIGTERM, then SIGKILL. The task's own answer then says `cancelled`.
   *
   * @param grace - seconds between the two.
   */
  async cancel(id: string, grace: number): Promise<void> {
    if (this.#pending.has(id)) await this.request({ op: 'cancel', of: id, grace }).answer;
  }

  /**
   * Take no more tasks, let running ones finish within `graceMs`, then end everything.
   *
   * @param graceMs - milliseconds.
   */
  async shutdown(graceMs: number): Promise<void> {
    if (this.#closing && graceMs === 0) {
      // Whoever asks a second time does not want to wait.
      this.kill();
    } else if (!this.#gone && !this.#closing) {
      this.#closing = true;
      // Its death before the answer is what was asked for.
      this.request({ op: 'shutdown', grace: graceMs / 1000 })
        .answer.catch(() => undefined)
        .finally(() => this.#channel.end());
    }
    const timer = setTimeout(() => this.kill(), graceMs + SHUTDOWN_PATIENCE);
    await this.exited;
    clearTimeout(timer);
  }

  /** End the launcher and all of its tasks at once. */
  kill(): void {
    this.#closing = true;
    for (const { pid } of this.#pending.values()) if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    // Not by group id once it is gone: that number may be somebody else's.
    if (!this.#gone && this.#child.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL');
  }

  #receive(message: Incoming): void {
    if ('re' in message) {
      const pending = this.#pending.get(message.re);
      this.#pending.delete(message.re);
      pending?.resolve(message);
      return;
    }
    switch (message.event) {
      case 'started':
        this.#started(message);
        break;
      case 'log':
        this.#pending.get(message.id)?.listener.log?.(message);
        break;
      case 'ready':
        this.#greet(message);
        break;
      case 'fatal':
        this.#settleReady.reject(new LauncherFatalError(message.error));
        break;
      case 'garbage':
        this.#onLine?.('stderr', message.error.message);
        break;
      default:
      // An event that a newer launcher has: the protocol says to ignore it.
    }
  }

  #started(event: StartedEvent): void {
    const pending = this.#pending.get(event.id);
    if (!pending) return;
    pending.pid = event.pid;
    pending.listener.started?.(event);
  }

  #greet(ready: ReadyMessage): void {
    if (ready.protocol === PROTOCOL_VERSION) {
      this.#settleReady.resolve(ready);
      return;
    }
    const message = `The Python launcher speaks protocol ${ready.protocol}, not ${PROTOCOL_VERSION}.`;
    this.#settleReady.reject(new LauncherFatalError({ message }));
  }

  #forward(stream: Readable, name: 'stdout' | 'stderr'): void {
    const splitter = new LineSplitter();
    const line = (text: string): void => {
      this.#lastLines.push(text);
      if (this.#lastLines.length > REMEMBERED_LINES) this.#lastLines.shift();
      this.#onLine?.(name, text);
    };
    stream.on('data', (chunk: Buffer) => splitter.push(chunk).forEach(line));
    stream.on('end', () => {
      const rest = splitter.end();
      if (rest !== undefined) line(rest);
    });
    stream.on('error', () => undefined);
  }

  /** A launcher that closed its channel has nothing left to live for. */
  #killSoon(): void {
    const timer = setTimeout(() => this.kill(), EXIT_PATIENCE);
    this.#child.once('exit', () => clearTimeout(timer));
  }

  async #bury(reason: string): Promise<void> {
    if (this.#gone) return;
    if (!this.#closing) this.#onLine?.('stderr', `The Python launcher ${reason}.`);
    // Its planners share its group; its tasks have groups of their own.
    this.kill();
    this.#gone = true;
    // A grandchild may hold the pipes open for ever: read what is there, then let go.
    await this.#channel.drained(500);
    // Once more, for a task whose start was only now read.
    this.kill();
    this.#channel.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    const said = this.#lastLines.length > 0 ? ` Its last lines:\n${this.#lastLines.join('\n')}` : '';
    const error = new LauncherLostError(`The Python launcher ${reason}.${said}`);
    this.#settleReady.reject(error);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
