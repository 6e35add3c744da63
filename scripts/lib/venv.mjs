import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { run } from './run.mjs';

/**
 * Where `pythonWith` keeps its Python.
 *
 * @param {string} version - of Metaflow
 * @param {string} [base] - Python to make it from
 * @param {readonly string[]} [more] - packages beside it
 * @returns {string}
 */
export function venvPython(version, base = 'python3', more = []) {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(cache, 'mft/venvs', [`metaflow-${version}-${path.basename(base)}`, ...more].join('+'), 'bin/python');
}

/**
 * A Python with that version of Metaflow, in a virtual environment that is made once a machine.
 *
 * @param {string} version - of Metaflow
 * @param {string} [base] - Python to make it from
 * @param {readonly string[]} [more] - packages beside it, as pip takes them
 * @returns {Promise<string>}
 * @throws Error where it cannot be made
 */
export async function pythonWith(version, base = 'python3', more = []) {
  const python = venvPython(version, base, more);
  const folder = path.dirname(path.dirname(python));
  if (existsSync(python)) return python;
  /** @type {[string, string[]][]} */
  const steps = [
    [base, ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `metaflow==${version}`, ...more]],
  ];
  await mkdir(path.dirname(folder), { recursive: true });
  for (const [program, args] of steps) {
    if ((await run(program, args)) === 0) continue;
    await rm(folder, { recursive: true, force: true });
    throw new Error(`There is no Metaflow ${version} to test with: ${program} ${args.join(' ')} failed.`);
  }
  return python;
}
