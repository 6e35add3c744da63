#!/usr/bin/env node
/*
 * npm run test:conformance: Metaflow's own core tests through us, the cases of e2e/conformance/sample.json, with the Metaflow that
 * everything else is tested with, or with another one. Ends with `N passed, N failed`.
 *
 *   node scripts/conformance.mjs                                       the Metaflow of the tests
 *   node scripts/conformance.mjs --oldest                              the oldest Metaflow that is supported, on the oldest Python here
 *   node scripts/conformance.mjs --metaflow 2.18.13 --base python3.9   that version, in a virtual environment made from that Python
 *   … -- --all --jobs 2                                                words for e2e/conformance/main.mjs
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findPython, MINORS } from './lib/pythons.mjs';
import { ROOT, run, toolEnv } from './lib/run.mjs';
import { pythonWith } from './lib/venv.mjs';
import { setup } from './setup.mjs';

/** As `@mft/compiler` and the extension's pyproject.toml say. */
const OLDEST = '2.16.0';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { metaflow: { type: 'string' }, base: { type: 'string' }, oldest: { type: 'boolean', default: false } },
});
const version = values.metaflow ?? (values.oldest ? OLDEST : undefined);
const base = values.base ?? (values.oldest ? findPython(MINORS) : undefined) ?? 'python3';

const { python, temporal } = await setup();
const used = version ? await pythonWith(version, base) : python;
const results = path.join(ROOT, 'tmp/conformance.json');
rmSync(results, { force: true });
console.log(`\n── Conformance with ${version ? `Metaflow ${version}, ${base}` : 'the Metaflow of the tests'}`);
const status = await run(
  process.execPath,
  [path.join(ROOT, 'e2e/conformance/main.mjs'), '--python', used, ...positionals],
  { env: toolEnv({ MFT_TEMPORAL_BINARY: temporal }) },
);
process.exitCode = status;
