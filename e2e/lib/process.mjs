import { execa } from 'execa';
import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { MFT, python } from './paths.mjs';

/**
 * Environment of a user with a datastore and a home of their own, and nothing of Metaflow's or Temporal's configured but that.
 *
 * @param {string} directory where everything that is written goes
 * @param {Record<string, string | undefined>} [extra]
 * @returns {Record<string, string>}
 */
export function isolated(directory, extra = {}) {
  const home = path.join(directory, 'home');
  mkdirSync(home, { recursive: true });
  /** @type {Record<string, string>} */
  const env = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value === undefined || /^(METAFLOW_|TEMPORAL_|VITEST|NODE_ENV|PYTHONPATH|FORCE_COLOR|npm_)/.test(name))
      continue;
    env[name] = value;
  }
  Object.assign(env, {
    METAFLOW_PYTHON: python(),
    // As in an activated environment: Metaflow starts mappers of @parallel with a plain `python`.
    PATH: `${path.dirname(python())}${path.delimiter}${process.env.PATH ?? ''}`,
    METAFLOW_DATASTORE_SYSROOT_LOCAL: directory,
    METAFLOW_HOME: home,
    METAFLOW_USER: 'tester',
    NO_COLOR: '1',
  });
  for (const [name, value] of Object.entries(extra)) if (value !== undefined) env[name] = value;
  return env;
}

/**
 * Run a program to its end. Never throws for an exit status; the whole process group dies at the timeout.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string>, timeout?: number }} options `timeout` in milliseconds, default 180000
 * @returns {Promise<{ status: number, stdout: string, stderr: string, seconds: number }>}
 */
export async function run(file, args, { cwd, env, timeout = 180_000 }) {
  const from = performance.now();
  const child = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    detached: true,
    maxBuffer: 5e7,
  });
  const timer = setTimeout(() => killGroup(child.pid), timeout);
  const result = await child;
  clearTimeout(timer);
  const seconds = (performance.now() - from) / 1000;
  return { status: result.exitCode ?? 128, stdout: String(result.stdout), stderr: String(result.stderr), seconds };
}

/**
 * SIGKILL to a process group that we started.
 *
 * @param {number | undefined} pid
 */
export function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}

/**
 * `mft …` as built in this repository.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: Record<string, string>, timeout?: number }} options
 */
export function mft(args, options) {
  return run(process.execPath, [MFT, ...args], options);
}

/**
 * The object on the last line of `mft run --json`.
 *
 * @param {string} stdout
 * @returns {{ status: string, pathspec: string, runId: string, workflowId: string, error?: string | { message: string } } | undefined}
 */
export function lastJson(stdout) {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * Wait until a condition holds.
 *
 * @template T
 * @param {() => T | Promise<T>} condition
 * @param {{ timeout?: number, every?: number, what?: string }} [options] milliseconds
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(condition, { timeout = 30_000, every = 100, what = String(condition) } = {}) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`Waited ${timeout} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
