import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FILE = path.join(import.meta.dirname, '../bench-results.json');

/**
 * @typedef {{ at: string, machine: unknown, place: string, versions: { commit: string }, rows: import('./report.mjs').Row[] }} Results
 */

/**
 * Writes what was measured. Rows that were not measured this time stay if they are of the same commit and place: all parts together take most of an
 * hour, and what a row compares was measured side by side in any case.
 *
 * @param {Results} results
 */
export function keep(results) {
  const old = last();
  const same = old?.versions.commit === results.versions.commit && old.place === results.place;
  const anew = new Set(results.rows.map(({ name }) => name));
  const kept = same ? old.rows.filter(({ name }) => !anew.has(name)) : [];
  writeFileSync(FILE, `${JSON.stringify({ ...results, rows: [...kept, ...results.rows] }, null, 2)}\n`);
}

/** @returns {Results | undefined} */
function last() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return undefined;
  }
}
