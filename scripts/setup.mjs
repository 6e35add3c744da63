#!/usr/bin/env node
/*
 * npm run setup: whatever a test or the demo needs, and nothing that is there already. Node ≥ 20.19 and Python ≥ 3.9 suffice, no package
 * of npm's: this runs before anything is installed. Each stage says how long it took.
 *
 *   METAFLOW_PYTHON       a Python with Metaflow, used as it is
 *   MFT_TEMPORAL_BINARY   a Temporal CLI, used as it is
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepareBackends } from './lib/backends.mjs';
import { bin, ROOT, run, toolEnv } from './lib/run.mjs';
import { likeWithNumpy, pythonWith } from './lib/venv.mjs';

/** Something that a person can mend. */
class SetupError extends Error {}

/**
 * @typedef {object} Tools
 * @property {string} python - a Python that has Metaflow
 * @property {string} temporal - a Temporal CLI
 * @property {string[]} missing - which backends cannot be had here, and why: their tests are not run
 */

/**
 * Sets everything up.
 *
 * @param {{ backends?: boolean }} [options] - `backends`: also what only the end-to-end tests need
 * @returns {Promise<Tools>}
 */
export async function setup({ backends = false } = {}) {
  await stage('Dependencies', installed() ? undefined : install);
  await stage('Build', () => must(bin('nx'), ['run-many', '-t', 'build', '--parallel=2', '--outputStyle=static']));
  const python = await stage('Python with Metaflow', preparePython);
  const temporal = await stage('Temporal server', findTemporal);
  console.log(`   Python: ${python}\n   Temporal: ${temporal}`);
  const without = (await stage('Python with numpy', () => prepareNumpy(python)))
    ? []
    : ['Python with numpy: it could not be made, so preloading it is not tested.'];
  for (const reason of without) console.log(`   ${reason}`);
  if (!backends) return { python, temporal, missing: without };
  const { missing } = await stage('S3, metadata service, a second Python', () => prepareBackends(python));
  for (const reason of missing) console.log(`   ${reason}`);
  return { python, temporal, missing: [...without, ...missing] };
}

/**
 * As the lock file says. A registry that lacks some platform's optional package leaves a lock file that `npm ci` calls incomplete;
 * `npm install` takes the same versions from it.
 */
async function install() {
  const quiet = ['--no-audit', '--no-fund'];
  if ((await run('npm', ['ci', ...quiet], { quiet: true })) === 0) return;
  console.log('   npm ci did not do; npm install instead');
  await must('npm', ['install', '--no-save', ...quiet]);
}

/** True when every package of the lock file is in node_modules, in that version. What is optional may be missing. */
function installed() {
  const held = readLock('node_modules/.package-lock.json');
  const wanted = readLock('package-lock.json');
  if (!held || !wanted) return false;
  return Object.entries(wanted).every(([where, { version, link, optional, devOptional, peer }]) => {
    if (where === '' || version === undefined || link || !where.includes('node_modules/')) return true;
    const there = held[where];
    return there ? there.version === version : Boolean(optional || devOptional || peer);
  });
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

async function preparePython() {
  const given = process.env.METAFLOW_PYTHON;
  if (given) {
    if (await hasMetaflow(given)) return given;
    throw new SetupError(
      `METAFLOW_PYTHON is ${given}, which has no Metaflow. Unset it, or: ${given} -m pip install metaflow`,
    );
  }
  const folder = path.join(ROOT, '.venv');
  const python = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (await hasMetaflow(python)) return python;
  if (!existsSync(python) && (await run(await basePython(), ['-m', 'venv', folder])) !== 0) {
    throw new SetupError('Python could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv');
  }
  await must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', 'metaflow']);
  return python;
}

/** @returns {Promise<boolean>} whether it is there */
async function prepareNumpy(python) {
  const like = likeWithNumpy(python);
  if (!like) return false;
  return pythonWith(...like).then(
    () => true,
    () => false,
  );
}

async function basePython() {
  const check = 'import sys; sys.exit(sys.version_info < (3, 9))';
  for (const name of ['python3', 'python']) {
    if ((await run(name, ['-c', check], { quiet: true })) === 0) return name;
  }
  throw new SetupError('No Python ≥ 3.9 as python3 or python on PATH.');
}

async function hasMetaflow(python) {
  return (await run(python, ['-c', 'import metaflow'], { quiet: true })) === 0;
}

/** The CLI's own search: PATH, cache, download, go install. */
async function findTemporal() {
  const { findBinary } = await import(pathToFileURL(path.join(ROOT, 'packages/cli/dist/index.js')).href);
  const say = (text) => console.log(`   ${text}`);
  return findBinary(process.env, { say, update: () => undefined });
}

async function must(program, args) {
  const status = await run(program, args, { env: toolEnv() });
  if (status !== 0) throw new SetupError(`${path.basename(program)} ${args.join(' ')} ended with status ${status}`);
}

async function stage(title, act) {
  const from = performance.now();
  const result = await act?.();
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  console.log(`── ${title}: ${act ? `${seconds} s` : 'there already'}`);
  return result;
}

if (process.argv[1] && pathToFileURL(path.resolve(process.argv[1])).href === import.meta.url) {
  try {
    await setup({ backends: true });
  } catch (error) {
    const expected = error instanceof SetupError || error?.name === 'MftError';
    console.error(expected ? `\nSetup: ${error.message}${error.hint ? `\n${error.hint}` : ''}` : error);
    process.exitCode = 1;
  }
}
