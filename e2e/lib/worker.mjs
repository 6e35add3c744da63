import { spawn } from 'node:child_process';
import { killGroup, mft, until } from './process.mjs';
import { polled } from './temporal.mjs';

/**
 * `mft create FLOW -o FILE`; throws where it fails.
 *
 * @param {string} flow
 * @param {string} file
 * @param {{ cwd: string, env: Record<string, string>, options?: readonly string[] }} options
 */
export async function createWorkerFile(flow, file, { cwd, env, options = [] }) {
  const result = await mft(['create', flow, '--no-pylint', ...options, '-o', file], { cwd, env });
  if (result.status !== 0) throw new Error(`mft create ended with ${result.status}:\n${result.stdout}${result.stderr}`);
  return result;
}

/**
 * @typedef {{ pid: number, output: () => string, running: () => boolean, ready: number, kill: () => void, stop: () => Promise<number | null> }} RunningWorker
 *   `ready`: milliseconds from its start until it polled; `kill`: SIGKILL to the Node process alone, as an out-of-memory killer would;
 *   `stop`: SIGTERM, and what its exit status was
 */

/**
 * Start `node FILE` in a process group of its own and wait until it polls.
 *
 * @param {string} file
 * @param {{ cwd: string, env: Record<string, string>, client: import('@temporalio/client').Client, taskQueue: string, args?: string[], wait?: boolean }} options
 * @returns {Promise<RunningWorker>}
 */
export async function startWorker(file, { cwd, env, client, taskQueue, args = [], wait = true }) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const ended = new Promise((/** @type {(status: number | null) => void} */ resolve) => child.once('exit', resolve));
  const { pid } = child;
  if (pid === undefined) throw new Error(`node ${file} did not start`);
  process.once('exit', () => killGroup(pid));
  const running = () => child.exitCode === null && child.signalCode === null;
  const ready = wait
    ? await Promise.race([
        polled(client, taskQueue),
        ended.then((status) => Promise.reject(new Error(`The worker ended with ${status} before it polled:\n${text}`))),
      ])
    : 0;
  return {
    pid,
    output: () => text,
    running,
    ready,
    kill: () => void process.kill(pid, 'SIGKILL'),
    stop: async () => {
      if (running()) child.kill('SIGTERM');
      const late = setTimeout(() => killGroup(pid), 20_000);
      const status = await ended;
      clearTimeout(late);
      killGroup(pid);
      return status;
    },
  };
}

/**
 * Wait until a worker's output holds a text.
 *
 * @param {RunningWorker} worker
 * @param {string | RegExp} text
 * @param {number} [timeout] milliseconds
 */
export function said(worker, text, timeout = 60_000) {
  const found = () => (typeof text === 'string' ? worker.output().includes(text) : text.test(worker.output()));
  return until(found, { timeout, what: `"${text}" in the worker's output:\n${worker.output()}` });
}
