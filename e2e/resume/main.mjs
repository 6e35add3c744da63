#!/usr/bin/env node
/*
 * node e2e/resume/main.mjs [FILE…] [--quick] [--keep DIR] [--address HOST:PORT]
 *
 * Resumes runs by `metaflow resume` and by ours and compares the new runs. Without FILE: all of e2e/resume/flows. Prints a line for each
 * resumed run; exit 1 unless all agree. --quick: not from each step that a flow names. Without --address a server is started for the occasion.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { flowsIn } from '../equivalence/main.mjs';
import { ROOT } from '../lib/paths.mjs';
import { serverForTests } from '../lib/server.mjs';
import { compareResumes } from './pair.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, keep: { type: 'string' }, address: { type: 'string' } },
});
const directory = values.keep ? path.resolve(values.keep) : mkdtempSync(path.join(tmpdir(), 'mft-resume-'));
const files =
  positionals.length > 0 ? positionals.map((file) => path.resolve(file)) : flowsIn(path.join(ROOT, 'e2e/resume/flows'));
const server = await serverForTests(values.address);
let [agreements, total] = [0, 0];
try {
  for (const file of files) {
    const name = path.basename(file, '.py');
    const results = await compareResumes(file, {
      directory: path.join(directory, name),
      address: server.address,
      steps: !values.quick,
    }).catch((/** @type {Error} */ error) => [
      { name: 'no comparison', runId: '', cloned: 0, tasks: 0, differences: [error.message] },
    ]);
    for (const { name: what, cloned, tasks, differences } of results) {
      total++;
      if (differences.length === 0) agreements++;
      console.log(
        `${differences.length === 0 ? 'agree ' : 'DIFFER'} ${name}: ${what} (${cloned} of ${tasks} tasks cloned)`,
      );
      for (const line of differences) console.log(`         ${line}`);
    }
  }
} finally {
  await server.stop();
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
}
console.log(`${agreements}/${total} agree`);
process.exitCode = agreements === total ? 0 : 1;
