#!/usr/bin/env node
/*
 * npm run bench [-- --rounds N] [--only NAME] [--large]
 *
 * Measures mft against `metaflow run` on the same machine in the same minutes: pairs run side by side, alternating, and the
 * medians and their ratio are printed. mft's worker is warm: its generated file is already polling, one run has gone before.
 * With --large also the bounds of histories: 3,000 tasks of a foreach and 500 rounds of a loop, mft alone.
 * Writes bench-results.json beside itself.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, python } from '../lib/paths.mjs';
import { isolated, run } from '../lib/process.mjs';
import { startServer } from '../lib/server.mjs';
import { connect, historySizes } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    large: { type: 'boolean', default: false },
  },
});
const FLOWS = path.join(import.meta.dirname, 'flows');

/**
 * @typedef {{ name: string, file: string, flow: string, params: Record<string, unknown>, expected?: number, large?: boolean }} Job
 * @type {Job[]}
 */
const JOBS = [
  { name: 'three empty steps', file: 'three_steps.py', flow: 'ThreeStepsFlow', params: {}, expected: 0.5 },
  { name: '100 empty foreach tasks', file: 'wide.py', flow: 'WideFlow', params: { width: 100 }, expected: 4 },
  { name: '3,000 foreach tasks', file: 'wide.py', flow: 'WideFlow', params: { width: 3000 }, large: true },
  { name: '500 rounds of a loop', file: 'rounds.py', flow: 'RoundsFlow', params: { rounds: 500 }, large: true },
];

/** @param {number[]} numbers */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;

/** @param {Job} job @param {string} directory */
async function timeMetaflow(job, directory) {
  const params = Object.entries(job.params).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = [
    path.join(FLOWS, job.file),
    '--no-pylint',
    '--quiet',
    'run',
    '--max-workers',
    '16',
    '--max-num-splits',
    '1000',
    ...params,
  ];
  const result = await run(python(), args, { cwd: directory, env: isolated(directory), timeout: 600_000 });
  if (result.status !== 0) throw new Error(`metaflow run failed:\n${result.stderr}`);
  return result.seconds;
}

/** @param {import('@temporalio/client').Client} client @param {Job} job */
async function timeMft(client, job) {
  const from = performance.now();
  const workflowId = `${job.flow}-bench-${Math.round(from * 1000).toString(36)}-${process.pid}`;
  await client.workflow.execute('MetaflowWorkflow', {
    taskQueue: `metaflow-${job.flow}`,
    workflowId,
    args: [{ params: job.params }],
  });
  return { seconds: (performance.now() - from) / 1000, workflowId };
}

/** @param {string} program @param {string[]} args */
function ask(program, args) {
  try {
    return execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

const directory = mkdtempSync(path.join(tmpdir(), 'mft-bench-'));
const server = await startServer();
const { client, close } = await connect(server.address);
const jobs = JOBS.filter(
  (job) => (values.only === undefined || job.name.includes(values.only)) && (values.large || !job.large),
);
/** @type {object[]} */
const results = [];
try {
  for (const job of jobs) {
    const ours = path.join(directory, 'mft');
    const theirs = path.join(directory, 'metaflow');
    for (const folder of [ours, theirs]) mkdirSync(folder, { recursive: true });
    const env = isolated(ours, { TEMPORAL_ADDRESS: server.address });
    const file = path.join(ours, `${job.flow}_worker.mjs`);
    await createWorkerFile(path.join(FLOWS, job.file), file, { cwd: ours, env });
    const worker = await startWorker(file, { cwd: ours, env, client, taskQueue: `metaflow-${job.flow}` });
    try {
      await timeMft(client, { ...job, params: job.file === 'wide.py' ? { width: 4 } : job.large ? { rounds: 2 } : {} });
      /** @type {number[]} */
      const mft = [];
      /** @type {number[]} */
      const metaflow = [];
      /** @type {number | undefined} */
      let largest;
      for (let i = 0; i < (job.large ? 1 : Number(values.rounds)); i++) {
        const one = await timeMft(client, job);
        mft.push(one.seconds);
        if (job.large) largest = Math.max(...(await historySizes(client, one.workflowId)).map((part) => part.events));
        else metaflow.push(await timeMetaflow(job, theirs));
      }
      const entry = {
        name: job.name,
        mft: median(mft),
        metaflow: metaflow.length ? median(metaflow) : undefined,
        expected: job.expected,
        largestHistory: largest,
        workerReadyMs: Math.round(worker.ready),
        samples: { mft, metaflow },
      };
      results.push(entry);
      const ratio =
        entry.metaflow === undefined
          ? ''
          : `metaflow run ${entry.metaflow.toFixed(2)} s, ${(entry.metaflow / entry.mft).toFixed(1)} times as fast`;
      const bound = job.expected === undefined ? '' : `(expected below ${job.expected} s)`;
      const events = largest === undefined ? '' : `largest history ${largest} events`;
      console.log(
        `${job.name.padEnd(26)} mft ${entry.mft.toFixed(2)} s  ${[ratio, bound, events].filter(Boolean).join('  ')}`,
      );
    } finally {
      await worker.stop();
    }
  }
} finally {
  await close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
const machine = {
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  memoryGB: Math.round(totalmem() / 2 ** 30),
  load: loadavg().map((n) => n.toFixed(1)),
};
const versions = {
  node: process.version,
  metaflow: ask(python(), ['-c', 'import metaflow; print(metaflow.__version__)']),
  commit: ask('git', ['rev-parse', '--short', 'HEAD']),
};
console.log(
  `\n${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB, load ${machine.load.join(' ')}; Node ${versions.node}, Metaflow ${versions.metaflow}, commit ${versions.commit}`,
);
writeFileSync(
  path.join(import.meta.dirname, 'bench-results.json'),
  `${JSON.stringify({ at: new Date().toISOString(), machine, versions, results }, null, 2)}\n`,
);
