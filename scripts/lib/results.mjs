import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';

/** Where vitest leaves its results, below the folder it runs in; nobody keeps that file. */
const RESULTS = 'node_modules/.vitest/results.json';

/** Options for vitest: shown to people, and written down to be counted. */
export const REPORTERS = ['--reporter=default', '--reporter=json', `--outputFile.json=${RESULTS}`];

/** @param {string} folder - below the root */
export function forget(folder) {
  rmSync(path.join(ROOT, folder, RESULTS), { force: true });
}

/**
 * Counts what a run of vitest in a folder left. A file that could not be run counts as one failure, and so do missing results:
 * silence is no success.
 *
 * @param {string} folder - below the root
 * @returns {{ name: string, passed: number, failed: number, skipped: number }}
 */
export function count(folder) {
  let results;
  try {
    results = JSON.parse(readFileSync(path.join(ROOT, folder, RESULTS), 'utf8'));
  } catch {
    return { name: folder, passed: 0, failed: 1, skipped: 0 };
  }
  const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests, testResults } = results;
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  );
  const failed = numFailedTests + broken.length;
  return { name: folder, passed, failed, skipped: numPendingTests + numTodoTests };
}
