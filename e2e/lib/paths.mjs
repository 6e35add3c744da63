import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The `mft` command as built here. */
export const MFT = path.join(ROOT, 'packages/cli/dist/bin.js');

/** Flows written for these tests, and the examples. */
export const FLOWS = path.join(ROOT, 'e2e/flows');
export const EXAMPLES = path.join(ROOT, 'examples');

/**
 * The Python to test with: `METAFLOW_PYTHON`, else the virtual environment that `npm run setup` makes.
 *
 * @returns {string}
 */
export function python() {
  if (process.env.METAFLOW_PYTHON) return process.env.METAFLOW_PYTHON;
  const own = path.join(ROOT, '.venv/bin/python');
  if (!existsSync(own)) throw new Error(`No Python with Metaflow at ${own}. Run: npm run setup`);
  return own;
}
