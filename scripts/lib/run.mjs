import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const ROOT = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/**
 * A tool that npm installed here.
 *
 * @param {string} name
 */
export const bin = (name) => path.join(ROOT, 'node_modules/.bin', process.platform === 'win32' ? `${name}.cmd` : name);

/**
 * Environment of every tool: nothing asks, nothing is left running, nothing is drawn over. Without colours: nx would force them upon
 * whatever a test starts and reads.
 *
 * @param {NodeJS.ProcessEnv} [more]
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnv(more = {}) {
  return { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0', ...more };
}

/**
 * Runs a program to its end, its output shown, no input.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, quiet?: boolean }} [options] - `quiet`: output is not shown
 * @returns {Promise<number>} its exit status; 127 where there is no such program, 1 where a signal ended it
 */
export function run(program, args, { cwd = ROOT, env = toolEnv(), quiet = false } = {}) {
  return new Promise((resolve) => {
    const output = quiet ? 'ignore' : 'inherit';
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', output, output] });
    child.once('error', (error) => {
      if (!quiet) console.error(`${program}: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
