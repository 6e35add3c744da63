import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { RESULTS } from './results-reporter.mjs';
import { ROOT } from './run.mjs';

/** Options for vitest: shown to people, and written down to be counted. */
export const REPORTERS = [
  '--reporter=default',
  `--reporter=${fileURLToPath(new URL('results-reporter.mjs', import.meta.url))}`,
];

/** @typedef {{ name: string, passed: number, failed: number, skipped: number, failures: { name: string, why: string }[] }} Counted */

/** @param {string} folder - below the root */
export function forget(folder) {
  rmSync(path.join(ROOT, folder, RESULTS), { force: true });
}

/**
 * What a run of vitest in a folder left. Missing results count as one failure: silence is no success.
 *
 * @param {string} folder - below the root
 * @returns {Counted}
 */
export function count(folder) {
  try {
    return { name: folder, ...JSON.parse(readFileSync(path.join(ROOT, folder, RESULTS), 'utf8')) };
  } catch {
    const failures = [{ name: folder, why: 'left no results' }];
    return { name: folder, passed: 0, failed: 1, skipped: 0, failures };
  }
}
