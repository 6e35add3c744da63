#!/usr/bin/env node
/*
 * node e2e/equivalence/main.mjs [FILE…] [--flows DIR] [--random N] [--seed S] [--jobs J] [--keep DIR] [--address HOST:PORT]
 *
 * Runs flows under `metaflow run` and under `mft run` and compares what Metaflow's client sees of every task. Without FILE or
 * --flows: all of e2e/flows and examples. Prints a line for each flow and, last, agreements/total; exit 1 unless all agree.
 * Without --address a server is started for the occasion.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EXAMPLES, FLOWS } from '../lib/paths.mjs';
import { serverForTests } from '../lib/server.mjs';
import { generateFlow } from './generate.mjs';
import { comparePair, isFlow } from './pair.mjs';

/** @param {string} directory */
export function flowsIn(directory) {
  return readdirSync(directory)
    .map((name) => path.join(directory, name))
    .filter((file) => file.endsWith('.py') && isFlow(file))
    .sort();
}

/**
 * @param {number} count
 * @param {number} seed of the first; the next ones count on
 * @param {string} directory where the files go
 * @returns {string[]}
 */
export function writeRandomFlows(count, seed, directory) {
  mkdirSync(directory, { recursive: true });
  return Array.from({ length: count }, (_, i) => {
    const file = path.join(directory, `random_${seed + i}.py`);
    writeFileSync(file, generateFlow(seed + i));
    return file;
  });
}

/** @param {Error} error */
function failed(error) {
  return { flow: '?', tasks: 0, differences: [error.message], refused: true, seconds: { metaflow: 0, mft: 0 } };
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      flows: { type: 'string' },
      random: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      keep: { type: 'string' },
      address: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log('node e2e/equivalence/main.mjs [FILE…] [--flows DIR] [--random N] [--seed S] [--jobs J] [--keep DIR]');
    return 0;
  }
  const directory = values.keep ? path.resolve(values.keep) : mkdtempSync(path.join(tmpdir(), 'mft-equivalence-'));
  const random = writeRandomFlows(Number(values.random), Number(values.seed), path.join(directory, 'random'));
  const written = values.flows ? flowsIn(path.resolve(values.flows)) : [...flowsIn(EXAMPLES), ...flowsIn(FLOWS)];
  const given = positionals.map((file) => path.resolve(file));
  const only = given.length > 0 || (random.length > 0 && !values.flows);
  const queue = [...given, ...(only ? [] : written), ...random];
  const server = await serverForTests(values.address);
  const total = queue.length;
  let [agreements, tasks] = [0, 0];
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const name = path.basename(file, '.py');
      const result = await comparePair(file, {
        directory: path.join(directory, 'runs', name),
        address: server.address,
      }).catch(failed);
      const times = `metaflow ${result.seconds.metaflow.toFixed(1)} s, mft ${result.seconds.mft.toFixed(1)} s`;
      const verdict = result.differences.length === 0 ? 'agree ' : result.refused ? 'REFUSE' : 'DIFFER';
      console.log(`${verdict} ${name} (${result.flow}, ${result.tasks} tasks, ${times})`);
      for (const line of result.differences) console.log(`         ${line}`);
      if (result.differences.length === 0) agreements++;
      tasks += result.tasks;
    }
  };
  try {
    await Promise.all(Array.from({ length: Number(values.jobs) }, lane));
  } finally {
    await server.stop();
    if (!values.keep) rmSync(directory, { recursive: true, force: true });
  }
  console.log(`${agreements}/${total} agree, ${tasks} tasks compared`);
  return agreements === total ? 0 : 1;
}

if (process.argv[1] && path.resolve(process.argv[1]) === path.resolve(import.meta.filename))
  process.exitCode = await main();
