#!/usr/bin/env node
/*
 * npm test: sets up what is missing, then runs the tests of all packages, of the repository as a whole, and the end-to-end ones. Ends with
 * the number of tests that passed and failed, and the status that fits.
 *
 *   node scripts/test.mjs [unit] [repo] [e2e]   only these; all of them by default
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { count, forget, REPORTERS } from './lib/results.mjs';
import { bin, ROOT, run, toolEnv } from './lib/run.mjs';
import { setup } from './setup.mjs';

const wanted = process.argv.slice(2);
const want = (part) => wanted.length === 0 || wanted.includes(part);

const { python, temporal, missing } = await setup({ backends: want('e2e') }).catch((error) => {
  console.error(error.hint ? `${error.message}\n${error.hint}` : error);
  process.exit(1);
});
const env = toolEnv({ METAFLOW_PYTHON: python, MFT_TEMPORAL_BINARY: temporal });
const counted = [];
let status = 0;

if (want('unit')) {
  const packages = readdirSync(path.join(ROOT, 'packages')).map((name) => `packages/${name}`);
  packages.forEach(forget);
  const args = [
    'run-many',
    '-t',
    'test',
    '--projects=packages/*',
    '--parallel=2',
    '--outputStyle=static',
    '--nxBail=false',
  ];
  status |= await run(bin('nx'), [...args, '--', ...REPORTERS], { env });
  counted.push(...packages.map(count));
}
for (const [part, folder] of [
  ['repo', 'e2e/repo'],
  ['e2e', 'e2e'],
]) {
  if (!want(part)) continue;
  forget(folder);
  if (!existsSync(path.join(ROOT, folder))) continue;
  status |= await run(bin('vitest'), ['run', ...REPORTERS], { cwd: path.join(ROOT, folder), env });
  counted.push(count(folder));
}

const sum = (what) => counted.reduce((total, one) => total + one[what], 0);
const total = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
// A suite can fail although each of its tests passed, by an error outside of any.
const failures = counted.flatMap((one) => one.failures);
if (status !== 0 && total.failed === 0) {
  total.failed = 1;
  failures.push({
    name: 'a test runner',
    why: `ended with status ${status} although no test failed: see what it printed`,
  });
}

console.log('\n── Tests');
for (const { name, passed, failed, skipped } of counted) {
  const rest = `${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  console.log(`   ${name.padEnd(30)} ${passed} passed${rest}`);
}
for (const reason of missing) console.log(`   not run: ${reason}`);
console.log(`   ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
mkdirSync(path.join(ROOT, 'tmp'), { recursive: true });
writeFileSync(path.join(ROOT, 'tmp/tests.json'), JSON.stringify({ ...total, failures }));
process.exitCode = total.failed > 0 ? 1 : 0;
