#!/usr/bin/env node
/*
 * npm run test:conformance: Metaflow's own core tests through us, the cases of e2e/conformance/sample.json, with the Metaflow that
 * everything else is tested with and with the oldest one that we support. Ends with `N passed, N failed`.
 *
 *   node scripts/conformance.mjs                                       both
 *   node scripts/conformance.mjs --metaflow 2.18.13 --base python3.9   that version, in a virtual environment made from that Python
 *   … -- --all --jobs 2                                                words for e2e/conformance/main.mjs
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, run, toolEnv } from './lib/run.mjs';
import { OLDEST_METAFLOW, pythonWith } from './lib/venv.mjs';
import { setup } from './setup.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { metaflow: { type: 'string' }, base: { type: 'string', default: 'python3' } },
});

/** @returns {Promise<{ passed: number, failed: number }>} */
async function conformance(title, python, env) {
  console.log(`\n── Conformance with ${title}`);
  const results = path.join(ROOT, 'tmp/conformance.json');
  rmSync(results, { force: true });
  const status = await run(
    process.execPath,
    [path.join(ROOT, 'e2e/conformance/main.mjs'), '--python', python, ...positionals],
    { env },
  );
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const counted = JSON.parse(readFileSync(results, 'utf8'));
  return status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

const { python, temporal } = await setup();
const env = toolEnv({ MFT_TEMPORAL_BINARY: temporal });
const total = { passed: 0, failed: 0 };
const wanted = values.metaflow ? [values.metaflow] : [undefined, OLDEST_METAFLOW];
for (const version of wanted) {
  const used = version === undefined ? python : await pythonWith(version, values.base);
  const { passed, failed } = await conformance(
    version === undefined ? 'the newest Metaflow' : `Metaflow ${version}`,
    used,
    env,
  );
  total.passed += passed;
  total.failed += failed;
}
mkdirSync(path.join(ROOT, 'tmp'), { recursive: true });
writeFileSync(path.join(ROOT, 'tmp/conformance.json'), JSON.stringify(total));
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
