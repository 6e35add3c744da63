#!/usr/bin/env node
/*
 * node e2e/conformance/main.mjs [--all] [--graphs A,B] [--tests A,B] [--each N] [--jobs N] [--timeout SECONDS] [--python PY]
 *   [--executor temporal|metaflow] [--suite DIR]
 *
 * Metaflow's own core tests (a test crossed with a graph shape is a case), deployed, triggered, resumed and checked through us with one
 * `mft serve` behind all of them. Without --all, --graphs or --tests: the cases of sample.json, which every change must pass, but for those
 * that the installed Metaflow cannot pass itself (since.json): before 2.18 it has no switch, and before 2.19.24 a join's inputs no order;
 * with --each only the first so many of them for each graph.
 * The suite is not part of this repository: it is looked for in ../shared/conformance. Without it nothing is run, and the last line says so.
 * Last line: `N passed, N failed`; exit 1 where one failed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { killGroup, until } from '../lib/process.mjs';
import { said } from '../../scripts/lib/pythons.mjs';
import { MFT, python, ROOT } from '../lib/paths.mjs';
import { startServer } from '../lib/server.mjs';

const EXTENSION = path.join(ROOT, 'packages/metaflow-extension/python');

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    graphs: { type: 'string' },
    tests: { type: 'string' },
    each: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '240' },
    python: { type: 'string', default: python() },
    executor: { type: 'string', default: 'temporal' },
    suite: { type: 'string', default: path.resolve(ROOT, '../shared/conformance') },
  },
});

// Each case runs in a folder of its own.
if (values.python.includes(path.sep)) values.python = path.resolve(values.python);

/** What run.py is called with, a list of words each. */
function selections() {
  if (values.all || values.graphs || values.tests) {
    return [
      [...(values.tests ? ['--tests', values.tests] : []), ...(values.graphs ? ['--graphs', values.graphs] : [])],
    ];
  }
  /** @type {Record<string, string[]>} */
  const sample = read('sample.json');
  const version = said(values.python, 'from importlib.metadata import version; print(version("metaflow"))') ?? '0';
  const { graphs, tests: since } = read('since.json');
  return Object.entries(sample).flatMap(([graph, tests]) => {
    const possible = tests.filter((test) => has(version, graphs[graph]) && has(version, since[test]));
    for (const test of tests)
      if (!possible.includes(test)) console.log(`none  ${test} on ${graph}: not in Metaflow ${version}`);
    const chosen = possible.slice(0, values.each === undefined ? undefined : Number(values.each));
    return chosen.length === 0 ? [] : [['--graphs', graph, '--tests', chosen.join(',')]];
  });
}

/** @param {string} file beside this one */
function read(file) {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

/**
 * @param {string} version that is installed
 * @param {string} [since] that is needed
 */
function has(version, since = '0') {
  return version.localeCompare(since, 'en', { numeric: true }) >= 0;
}

/**
 * @param {readonly string[]} words
 * @param {string} jobs - cases at a time
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ passed: number, failed: string[] }>}
 */
async function runCases(words, jobs, env) {
  const args = [path.join(values.suite, 'run.py'), '--python', values.python, '--executor', values.executor];
  const child = execa(values.python, [...args, '--jobs', jobs, '--timeout', values.timeout, ...words], {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    detached: true,
    buffer: false,
    stderr: 'inherit',
  });
  const kill = () => killGroup(child.pid);
  process.once('exit', kill);
  const failed = [];
  let passed;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name] = /^failed: (.+)$/.exec(line) ?? [];
    const [, count] = /^(\d+) passed, \d+ failed$/.exec(line) ?? [];
    if (name !== undefined) failed.push(name);
    else if (count !== undefined) passed = Number(count);
    else console.log(line);
  }
  await child;
  process.removeListener('exit', kill);
  // A run that did not come to its own count has failed, whatever it printed.
  return passed === undefined ? { passed: 0, failed: [`run.py ${words.join(' ')}`] } : { passed, failed };
}

/** Environment of the cases: a person's, with nothing configured but our own server, program and extension. */
function environment(address, home) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(METAFLOW_|TEMPORAL_|MFT_|VITEST|NODE_ENV|PYTHONPATH|npm_)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    ...(address === undefined ? {} : { TEMPORAL_ADDRESS: address }),
    // The suite brings an extension of its own along, which steps need too.
    PYTHONPATH: [EXTENSION, path.join(values.suite, 'metaflow-core')].join(path.delimiter),
    METAFLOW_HOME: home,
    METAFLOW_USER: 'tester',
    MFT_CLI: MFT,
    NO_COLOR: '1',
  };
}

async function serve(env, log) {
  const child = execa(process.execPath, [MFT, 'serve', '--max-workers', '8'], {
    env: { ...env, METAFLOW_TEMPORAL_RETRY_WAIT: '0', METAFLOW_PYTHON: values.python },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    detached: true,
    stdout: { file: log },
    stderr: { file: log, append: true },
  });
  process.once('exit', () => killGroup(child.pid));
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await Promise.race([child, new Promise((resolve) => setTimeout(resolve, 20_000))]);
      killGroup(child.pid);
    },
  };
}

async function main() {
  if (!existsSync(path.join(values.suite, 'run.py'))) {
    console.log(`No suite in ${values.suite}: nothing was run.`);
    return { passed: 0, failed: [] };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'mft-conformance-'));
  const through = values.executor === 'temporal';
  const server = through ? await startServer() : undefined;
  const env = environment(server?.address, folder);
  const log = path.join(folder, 'serve.log');
  const serving = through ? await serve(env, log) : undefined;
  const total = { passed: 0, failed: [] };
  try {
    if (serving) await until(() => existsSync(log) && readFileSync(log, 'utf8') !== '', { what: 'mft serve' });
    const waiting = selections();
    // Of many selections each runs one case at a time, so that none waits for the last case of another.
    const lanes = waiting.length === 1 ? 1 : Number(values.jobs);
    const lane = async () => {
      for (let words = waiting.shift(); words !== undefined; words = waiting.shift()) {
        const { passed, failed } = await runCases(words, lanes === 1 ? values.jobs : '1', env);
        total.passed += passed;
        total.failed.push(...failed);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    await serving?.stop();
    await server?.stop();
    if (total.failed.length > 0 && existsSync(log))
      console.log(`The log of mft serve:\n${readFileSync(log, 'utf8').slice(-20_000)}`);
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

const from = performance.now();
const { passed, failed } = await main();
for (const name of failed) console.log(`failed: ${name}`);
mkdirSync(path.join(ROOT, 'tmp'), { recursive: true });
writeFileSync(
  path.join(ROOT, 'tmp/conformance.json'),
  JSON.stringify({ passed, failed: failed.length, failures: failed }),
);
console.log(`${((performance.now() - from) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
