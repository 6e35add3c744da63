import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Minor versions that are supported, the oldest first. */
export const MINORS = ['3.9', '3.10', '3.11', '3.12', '3.13'];

/**
 * The first of these versions of Python that this machine has: by name on PATH, or among pyenv's.
 *
 * @param {readonly string[]} minors - `3.9`, …
 * @returns {string | undefined} the program
 */
export function findPython(minors) {
  const pyenv = path.join(process.env.PYENV_ROOT || path.join(homedir(), '.pyenv'), 'versions');
  const installed = existsSync(pyenv) ? readdirSync(pyenv) : [];
  for (const minor of minors) {
    const name = `python${minor}`;
    const all = installed
      .filter((each) => each.startsWith(`${minor}.`))
      .map((each) => path.join(pyenv, each, 'bin', name));
    const base = [name, ...all].find((program) => minorOf(program) === minor);
    if (base) return base;
  }
  return undefined;
}

/**
 * `3.12`; undefined where there is no such program.
 *
 * @param {string} program
 */
export const minorOf = (program) => said(program, 'import sys; print("%d.%d" % sys.version_info[:2])');

/**
 * What a Python program prints; undefined where it fails.
 *
 * @param {string} python
 * @param {string} program
 */
export function said(python, program) {
  const { status, stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
