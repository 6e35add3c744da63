#!/usr/bin/env node
/*
 * npm run demo: from a clean clone to a finished run. Sets the repository up (dependencies, build, a virtual environment with
 * Metaflow, Temporal's server), runs examples/branches.py on Temporal, and reads its artifacts back with Metaflow's own client.
 *
 * Node and Python suffice, no package of npm's: this runs before anything is installed. Works from any directory; what the run
 * writes lies in tmp/demo.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { ROOT } from './lib/run.mjs';
import { setup } from './setup.mjs';

const WORK = path.join(ROOT, 'tmp/demo');
const FLOW = path.join(ROOT, 'examples/branches.py');
const MFT = path.join(ROOT, 'packages/cli/dist/bin.js');

const READ_BACK = `
import sys
from metaflow import Run, namespace

namespace(None)
run = Run(sys.argv[1])
print("%s: successful=%s" % (run.pathspec, run.successful))
for step in reversed(list(run)):
    for task in sorted(step, key=lambda task: task.index or 0):
        shown = {artifact.id: artifact.data for artifact in task if artifact.id != "name"}
        print("  %-10s %-22s %s" % (step.id, task.id, shown))
print("report: %s" % run.data.report)
`;

/** @type {[string, number][]} */
const times = [];

/**
 * Do one stage, and keep its title and its time.
 *
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} act
 * @returns {Promise<T>}
 */
async function stage(title, act) {
  console.log(`\n── ${title}\n`);
  const from = performance.now();
  const result = await act();
  times.push([title, (performance.now() - from) / 1000]);
  return result;
}

/**
 * Run a program whose standard output is wanted; the rest is shown as it comes.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
function output(program, args, env) {
  const result = spawnSync(program, args, { cwd: WORK, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    process.stdout.write(result.stdout);
    throw Object.assign(new Error(`${path.basename(program)} ended with status ${result.status}.`), { told: true });
  }
  return result.stdout;
}

/** Metaflow must know a user, and takes root for nobody. */
function user() {
  const { METAFLOW_USER, SUDO_USER, USERNAME, USER } = process.env;
  if ([METAFLOW_USER, SUDO_USER, USERNAME, USER].some((name) => name && name !== 'root')) return {};
  const { username } = userInfo();
  return { METAFLOW_USER: username && username !== 'root' ? username : 'demo' };
}

/** @param {string} text */
const lastObject = (text) => JSON.parse(text.trimEnd().split('\n').at(-1) ?? '');

async function demo() {
  mkdirSync(WORK, { recursive: true });
  const tools = await stage('Setup', setup);
  const env = {
    ...process.env,
    ...user(),
    METAFLOW_PYTHON: tools.python,
    MFT_TEMPORAL_BINARY: tools.temporal,
    METAFLOW_DATASTORE_SYSROOT_LOCAL: WORK,
  };
  const run = await stage('mft run examples/branches.py count=5 offset=3', () => {
    const answer = output(process.execPath, [MFT, 'run', FLOW, 'count=5', 'offset=3', '--json'], env);
    console.log(answer.trimEnd());
    return lastObject(answer);
  });
  await stage("Its artifacts, read by Metaflow's client", () => {
    process.stdout.write(output(tools.python, ['-c', READ_BACK, run.pathspec], env));
  });
  console.log('\n── Times');
  const total = times.reduce((sum, [, seconds]) => sum + seconds, 0);
  for (const [title, seconds] of [...times, ['in all', total]])
    console.log(`   ${Number(seconds).toFixed(1).padStart(6)} s  ${title}`);
  console.log(`\nTemporal's UI: ${uiOf(env, run.workflowId)}`);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} workflowId
 */
function uiOf(env, workflowId) {
  if (env.TEMPORAL_ADDRESS) return `that of the server at ${env.TEMPORAL_ADDRESS}, workflow ${workflowId}`;
  const status = spawnSync(process.execPath, [MFT, 'server', '--status', '--json'], {
    cwd: WORK,
    env,
    encoding: 'utf8',
  });
  const { uiUrl, address } = lastObject(status.stdout);
  // A server that mft did not start says nothing of its UI; on the default port the UI is a thousand further.
  const url = uiUrl ?? (address === 'localhost:7233' ? 'http://localhost:8233' : undefined);
  if (url === undefined) return `workflow ${workflowId}`;
  return `${url}/namespaces/default/workflows/${workflowId}\nThe server stays up; end it with: node ${path.relative(process.cwd(), MFT)} server --stop`;
}

try {
  await demo();
} catch (error) {
  console.error(`\nDemo: ${error.message}${error.hint ? `\n${error.hint}` : ''}`);
  if (!error.told && !error.hint) console.error(error);
  process.exitCode = 1;
}
