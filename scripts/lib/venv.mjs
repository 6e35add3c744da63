import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { said } from './pythons.mjs';
import { run } from './run.mjs';

/**
 * Where `pythonWith` keeps its Python.
 *
 * @param {string} version - of Metaflow
 * @param {string} [base] - Python to make it from
 * @param {readonly string[]} [packages] - what it has beside Metaflow
 * @returns {string}
 */
export function venvPython(version, base = 'python3', packages = []) {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const name = [`metaflow-${version}-${path.basename(base)}`, ...packages].join('+');
  return path.join(cache, 'mft/venvs', name, 'bin/python');
}

/**
 * A Python with that version of Metaflow, in a virtual environment that is made once a machine.
 *
 * @param {string} version - of Metaflow
 * @param {string} [base] - Python to make it from
 * @param {readonly string[]} [packages] - what it has beside Metaflow, in their newest versions
 * @returns {Promise<string>}
 * @throws Error where it cannot be made
 */
export async function pythonWith(version, base = 'python3', packages = []) {
  const python = venvPython(version, base, packages);
  const folder = path.dirname(path.dirname(python));
  if (existsSync(python)) return python;
  /** @type {[string, string[]][]} */
  const steps = [
    [base, ['-m', 'venv', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `metaflow==${version}`, ...packages]],
  ];
  await mkdir(path.dirname(folder), { recursive: true });
  for (const [program, args] of steps) {
    if ((await run(program, args)) === 0) continue;
    await rm(folder, { recursive: true, force: true });
    throw new Error(`There is no Metaflow ${version} to test with: ${program} ${args.join(' ')} failed.`);
  }
  return python;
}

/**
 * The Python to test with, as it would be with numpy: where {@link pythonWith} keeps it, and what it makes it from.
 *
 * @param {string} python - the one to test with
 * @returns {[version: string, base: string, packages: string[]] | undefined} undefined where that Python does not say
 */
export function likeWithNumpy(python) {
  const program =
    'import sys; from importlib.metadata import version; print(version("metaflow"), sys._base_executable)';
  const [version, base] = said(python, program)?.split(' ') ?? [];
  return version && base ? [version, base, ['numpy']] : undefined;
}
