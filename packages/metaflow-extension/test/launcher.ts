import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { metaflowPython } from '@mft/testing';
import { extensionPath, launcherArguments } from '../src/index.js';

/** Interpreter that the tests run with. */
export const python = metaflowPython();

// Any field of any message: the tests say which ones they expect.
export type Message = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** A folder with the fixtures, where Metaflow also keeps its data. */
export class Place {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'mft-launcher-')));
  readonly #launchers: Launcher[] = [];

  constructor() {
    cpSync(fileURLToPath(new URL('./fixtures', import.meta.url)), this.directory, { recursive: true });
  }

  get env(): NodeJS.ProcessEnv {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      USERNAME: 'tester',
      METAFLOW_DATASTORE_SYSROOT_LOCAL: this.directory,
    };
    for (const name of Object.keys(env))
      if (name.startsWith('METAFLOW_') && name !== 'METAFLOW_DATASTORE_SYSROOT_LOCAL') delete env[name];
    return env;
  }

  async launch(file: string, init: Message = {}, env: NodeJS.ProcessEnv = {}, interpreter = python): Promise<Launcher> {
    const launcher = new Launcher(this.directory, { ...this.env, ...env }, interpreter);
    this.#launchers.push(launcher);
    launcher.send({
      op: 'init',
      file,
      directory: this.directory,
      options: ['--datastore=local', '--metadata=local'],
      mode: 'fork',
      ...init,
    });
    launcher.ready = await launcher.next((message) => message['event'] === 'ready' || message['event'] === 'fatal');
    return launcher;
  }

  /** Run Python with Metaflow's client at hand; what it prints is parsed as JSON. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the Python code prints
  client(code: string): any {
    const script = `import json\nfrom metaflow import *\nnamespace(None)\n${code}`;
    const result = spawnSync(python, ['-c', script], { cwd: this.directory, env: this.env, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout);
  }

  dispose(): void {
    for (const launcher of this.#launchers) launcher.process.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Node's end of the protocol, as plain as can be. */
export class Launcher {
  readonly process: ChildProcess;
  readonly messages: Message[] = [];
  ready: Message = {};
  text = '';
  readonly exited: Promise<number | null>;
  readonly #cwd: string;
  #id = 0;
  #waiting: {
    test: (message: Message) => boolean;
    resolve: (message: Message) => void;
    reject: (error: Error) => void;
  }[] = [];

  constructor(cwd: string, env: NodeJS.ProcessEnv, interpreter: string) {
    this.#cwd = cwd;
    this.process = spawn(interpreter, launcherArguments(), {
      cwd,
      env: { ...env, PYTHONPATH: [extensionPath(), env['PYTHONPATH']].filter(Boolean).join(delimiter) },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.process.stdout!.on('data', (data: Buffer) => (this.text += data.toString()));
    this.process.stderr!.on('data', (data: Buffer) => (this.text += data.toString()));
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
    (this.process.stdio[3] as Writable).on('error', () => undefined);
    const lines = createInterface({ input: this.process.stdio[4] as Readable });
    lines.on('line', (line) => this.#take(JSON.parse(line) as Message));
    lines.on('close', () => {
      for (const each of this.#waiting) each.reject(new Error(`the launcher is gone: ${this.text}`));
      this.#waiting = [];
    });
  }

  send(message: Message): void {
    (this.process.stdio[3] as Writable).write(JSON.stringify(message) + '\n');
  }

  /** Close descriptor 3, as the death of Node does. */
  hangUp(): void {
    (this.process.stdio[3] as Writable).end();
  }

  next(test: (message: Message) => boolean): Promise<Message> {
    const found = this.messages.find(test);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => this.#waiting.push({ test, resolve, reject }));
  }

  /** Send a request; its id. */
  begin(request: Message): string {
    const id = `r${++this.#id}`;
    this.send({ id, ...request });
    return id;
  }

  answer(id: string): Promise<Message> {
    return this.next((message) => message['re'] === id);
  }

  event(id: string, event: string, more: (message: Message) => boolean = () => true): Promise<Message> {
    return this.next((message) => message['id'] === id && message['event'] === event && more(message));
  }

  async ask(request: Message): Promise<Message> {
    return this.answer(this.begin(request));
  }

  /** Process id of what forks: its only child that holds a socket. */
  forkServer(): number {
    return childrenOf(this.process.pid!).find(hasSocket)!;
  }

  /** Process id of its planner, the only fork that writes where the launcher writes. */
  planner(): number {
    return childrenOf(this.forkServer()).find((pid) => this.#sharesOutput(pid))!;
  }

  /** Process id of the fork that waits for a task: of which nobody was told, and that is no planner. */
  waiting(): number | undefined {
    const told = new Set(this.messages.map((message) => message['pid']));
    const here = (pid: number): boolean => readlinkSync(`/proc/${pid}/cwd`) === this.#cwd;
    const command = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const own = command(this.process.pid!);
    return childrenOf(this.forkServer()).find((pid) => {
      try {
        return !told.has(pid) && here(pid) && command(pid) === own && !this.#sharesOutput(pid);
      } catch {
        return false; // ended meanwhile
      }
    });
  }

  #sharesOutput(pid: number): boolean {
    const output = (of: number): string => readlinkSync(`/proc/${of}/fd/1`);
    try {
      return output(pid) === output(this.process.pid!);
    } catch {
      return false; // ended meanwhile
    }
  }

  lines(id: string, stream: string): string[] {
    return this.messages
      .filter((m) => m['id'] === id && m['event'] === 'log' && m['stream'] === stream)
      .map((m) => m['line'] as string);
  }

  #take(message: Message): void {
    this.messages.push(message);
    this.#waiting = this.#waiting.filter(({ test, resolve }) => {
      if (!test(message)) return true;
      resolve(message);
      return false;
    });
  }
}

/** One run, driven by hand. */
export class Run {
  readonly launcher: Launcher;
  readonly id: string;

  constructor(launcher: Launcher, id: string) {
    this.launcher = launcher;
    this.id = id;
  }

  static async open(launcher: Launcher, id: string, more: Message = {}): Promise<Run> {
    const answer = await launcher.ask({
      op: 'open',
      run_id: id,
      params: {},
      tags: [],
      namespace: null,
      register: true,
      ...more,
    });
    if (!answer['ok']) throw new Error(JSON.stringify(answer) + launcher.text);
    return new Run(launcher, id);
  }

  request(step: string, from: string[], more: Message = {}): Message {
    const inputs = from.map((path) => `${this.id}/${path}`);
    return {
      op: 'task',
      run_id: this.id,
      step,
      task_id: `temporal-${step}-0`,
      input_paths: inputs,
      attempt: 0,
      extra_retries: 0,
      ...more,
    };
  }

  start(more: Message = {}): Promise<Message> {
    return this.launcher.ask(this.request('start', ['_parameters/temporal-_parameters-0'], more));
  }

  task(step: string, from: string[], more: Message = {}): Promise<Message> {
    return this.launcher.ask(this.request(step, from, more));
  }

  /** A step whose only input is `start`. */
  after(step: string, more: Message = {}): Promise<Message> {
    return this.task(step, ['start/temporal-start-0'], more);
  }

  begin(step: string, more: Message = {}): string {
    return this.launcher.begin(this.request(step, ['start/temporal-start-0'], more));
  }

  close(status = 'completed'): Promise<Message> {
    return this.launcher.ask({ op: 'close', run_id: this.id, status });
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function hasSocket(pid: number): boolean {
  const files = `/proc/${pid}/fd`;
  return readdirSync(files).some((fd) => readlinkSync(`${files}/${fd}`).startsWith('socket:'));
}

/** Bytes of memory that a process shares with nobody. */
export function ownMemory(pid: number): number {
  const parts = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+: +(\d+) kB$/gm);
  return [...parts].reduce((sum, [, kilobytes]) => sum + 1024 * Number(kilobytes), 0);
}

/** Command lines of the processes there are. */
export function processes(): string {
  return spawnSync('ps', ['-eo', 'pid,stat,args'], { encoding: 'utf8' }).stdout;
}

/** Whether a process is there and is no zombie. */
export function alive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return state !== '' && !state.startsWith('Z');
}

/** Wait until `test` holds, at most `ms`. */
export async function until(test: () => boolean, ms = 5000): Promise<boolean> {
  const end = Date.now() + ms;
  while (!test()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}
