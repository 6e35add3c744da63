#!/usr/bin/env node
/*
 * npm run bench [-- --rounds N] [--only PART,PART] [--widths 100,1000] [--full] [--in FOLDER]
 *
 * What mft costs, against `metaflow run`, against the Python package of the same idea, and against what the machine can at all. Whatever is
 * compared runs in turn, in the same minutes; a ratio is the median of the ratios of each round. mft's worker is warm: it polls, one run
 * has gone before.
 * Parts: line, wide, heavy, engine, worker, compile. With --full also what takes long: 1,000 tasks by the others, 10,000 by mft; 100,000
 * activities that do nothing, 90,000 of a nested foreach, 10,000 rounds.
 * Everything is written to memory where there is a place for that (/dev/shm), or to --in FOLDER.
 * Writes bench-results.json beside itself, and keeps what it holds of other parts at the same commit; `node e2e/bench/plot.mjs` draws docs/images/benchmark.svg from it.
 */
import { parseArgs } from 'node:util';
import { pythonPackage } from './contenders/python-package.mjs';
import { withContext } from './lib/context.mjs';
import { machine, versions } from './lib/machine.mjs';
import { settle } from './lib/place.mjs';
import { keep } from './lib/results.mjs';
import { table } from './lib/report.mjs';
import { compile } from './parts/compile.mjs';
import { engine } from './parts/engine.mjs';
import { heavy } from './parts/heavy.mjs';
import { line } from './parts/line.mjs';
import { wide } from './parts/wide.mjs';
import { worker } from './parts/worker.mjs';

/** @type {Record<string, import('./lib/report.mjs').Part>} */
const PARTS = { line, wide, heavy, engine, worker, compile };

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    widths: { type: 'string' },
    full: { type: 'boolean', default: false },
    in: { type: 'string' },
  },
});
const wanted = values.only?.split(',') ?? Object.keys(PARTS);
const unknown = wanted.find((name) => !(name in PARTS));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}". Parts: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
const settings = {
  rounds: Number(values.rounds),
  full: values.full,
  widths: (values.widths ?? (values.full ? '10,30,100,300,1000,3000,10000' : '100,1000')).split(',').map(Number),
  packagePython: wanted.some((name) => name === 'line' || name === 'wide') ? await pythonPackage() : undefined,
  tell: (/** @type {string} */ name, /** @type {number} */ seconds) =>
    console.log(`   ${name}: ${seconds.toFixed(2)} s`),
};
const place = settle(values.in);
const begun = machine();
const what = versions();
/** @type {import('./lib/report.mjs').Row[]} */
const rows = [];
for (const name of wanted) {
  console.log(`── ${name}`);
  const part = PARTS[name];
  try {
    if (part !== undefined) rows.push(...(await withContext((context) => part(context, settings))));
    keep({ at: new Date().toISOString(), machine: begun, place, versions: what, rows });
  } catch (error) {
    // What the other parts found is worth having.
    console.error(error);
    process.exitCode = 1;
  }
}
console.log(`\n${table(rows)}`);
console.log(
  `\n${begun.processor}, ${begun.cores} cores, ${begun.memoryGB} GB, files in ${place}, load ${begun.load.join(' ')} before, ${machine().load.join(' ')} after; Node ${what.node}, Python ${what.python}, Metaflow ${what.metaflow}, commit ${what.commit}`,
);
