/*
 * Real backends for the end-to-end tests: an S3 server (versitygw, built with Go), Netflix's metadata service (where a copy lies
 * beside the checkout; it needs PostgreSQL), and a second version of Python. Each is prepared once a machine, outside the checkout.
 * Where one cannot be had, its tests are not run, and the reason is told.
 *
 * Node's own modules only: this runs before anything is installed.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { findPython, minorOf, said } from './pythons.mjs';
import { ROOT, run, toolEnv } from './run.mjs';
import { pythonWith, venvPython } from './venv.mjs';

const S3_VERSION = '1.8.0';
const S3_MODULE = 'github.com/versity/versitygw/cmd/versitygw';
const SERVICE = path.join(ROOT, '../shared/metaflow-service');

/**
 * @typedef {object} Backends
 * @property {string} [s3] - versitygw's binary
 * @property {{ script: string, venv: string }} [service] - the program that starts the metadata service, and a virtual environment for it
 * @property {string} [otherPython] - a Python with Metaflow, of another minor version than the one to test with
 * @property {string[]} missing - what is not there and why, one sentence each
 */

const cache = () => path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'mft');
const s3Binary = () => path.join(cache(), 'versitygw', S3_VERSION, 'versitygw');

/**
 * What was prepared on this machine.
 *
 * @param {string} python - the one to test with
 * @returns {Backends}
 */
export function findBackends(python) {
  /** @type {Backends} */
  const found = { missing: [] };
  if (existsSync(s3Binary())) found.s3 = s3Binary();
  else found.missing.push('S3: there is no versitygw. With Go on PATH, "npm run setup" builds it.');
  if (existsSync(SERVICE)) {
    const venv = serviceVenv();
    if (postgres() === undefined)
      found.missing.push('Metadata service: PostgreSQL is missing. On Debian or Ubuntu: apt install postgresql');
    else if (existsSync(path.join(venv, 'ok'))) found.service = { script: path.join(SERVICE, 'start.py'), venv };
    else found.missing.push('Metadata service: its virtual environment is missing. Run: npm run setup');
  } else found.missing.push('Metadata service: ../shared/metaflow-service is not beside this checkout.');
  const [version, base] = otherPython(python);
  if (version && base && existsSync(venvPython(version, base))) found.otherPython = venvPython(version, base);
  else found.missing.push('Another Python: no second version of Python ≥ 3.9 is prepared here.');
  return found;
}

/**
 * Prepares what this machine can have.
 *
 * @param {string} python - the one to test with
 * @returns {Promise<Backends>}
 */
export async function prepareBackends(python) {
  await Promise.all([prepareS3(), prepareService(), prepareOtherPython(python)]);
  return findBackends(python);
}

/** `go install`, under another name until it is whole. Minutes, once a machine. */
async function prepareS3() {
  if (existsSync(s3Binary())) return;
  if ((await run('go', ['version'], { quiet: true })) !== 0) return;
  console.log(
    '   Building versitygw, an S3 server, with go install. This takes a minute or two, once on this machine.',
  );
  const work = path.join(cache(), 'versitygw', `.build-${randomUUID()}`);
  await mkdir(work, { recursive: true });
  try {
    const env = toolEnv({ GOBIN: work });
    const status = await run('go', ['install', `${S3_MODULE}@v${S3_VERSION}`], { env, quiet: true });
    if (status !== 0) {
      const failed = `go install ${S3_MODULE}@v${S3_VERSION} ended with status ${status}.`;
      // A person may be offline; where nobody looks, tests that are not run must not pass for good ones.
      if (process.env.CI) throw new Error(failed);
      console.log(`   ${failed}`);
      return;
    }
    await mkdir(path.dirname(s3Binary()), { recursive: true });
    await rename(path.join(work, 'versitygw'), s3Binary());
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The newest PostgreSQL's folder of programs, as Debian lays them out. */
function postgres() {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base) : [];
  return versions.map((version) => path.join(base, version, 'bin')).find((bin) => existsSync(path.join(bin, 'initdb')));
}

/** One virtual environment for each set of requirements. */
function serviceVenv() {
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(SERVICE, 'pyproject.toml')))
    .digest('hex');
  return path.join(cache(), 'metaflow-service', wanted.slice(0, 16), 'venv');
}

async function prepareService() {
  if (!existsSync(SERVICE) || postgres() === undefined) return;
  const venv = serviceVenv();
  if (existsSync(path.join(venv, 'ok'))) return;
  const stage = path.join(path.dirname(venv), 'package'); // pip writes beside a pyproject.toml: not in a folder that is not ours
  await mkdir(stage, { recursive: true });
  await copyFile(path.join(SERVICE, 'pyproject.toml'), path.join(stage, 'pyproject.toml'));
  /** @type {[string, string[]][]} */
  const steps = [
    ['python3', ['-m', 'venv', '--clear', venv]],
    [path.join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', stage]],
  ];
  for (const [program, args] of steps) if ((await run(program, args)) !== 0) return;
  await writeFile(path.join(venv, 'ok'), '');
}

/** @param {string} python */
async function prepareOtherPython(python) {
  const [version, base] = otherPython(python);
  if (version && base) await pythonWith(version, base);
}

/**
 * The version of Metaflow that is tested with, and a Python of another minor version.
 *
 * @param {string} python
 * @returns {[version: string | undefined, base: string | undefined]}
 */
function otherPython(python) {
  const ours = minorOf(python);
  const base = findPython(['3.12', '3.13', '3.11', '3.10', '3.9'].filter((each) => each !== ours));
  if (base === undefined) return [undefined, undefined];
  return [said(python, 'from importlib.metadata import version; print(version("metaflow"))'), base];
}
