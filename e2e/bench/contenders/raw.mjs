import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { python } from '../../lib/paths.mjs';
import { isolated, run } from '../../lib/process.mjs';

const FORKS = path.join(import.meta.dirname, '../raw/forks.py');

/**
 * A loop of forks that run Metaflow's step command for the tasks of a foreach: nothing schedules, nothing is told to anybody.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../lib/context.mjs').BenchFlow} flow
 * @param {string} body - the step that the foreach runs
 * @returns {(width: number) => Promise<number>} seconds
 */
export function rawForks({ directory }, flow, body = 'body') {
  const folder = path.join(directory, 'raw');
  mkdirSync(folder, { recursive: true });
  const env = isolated(folder);
  return async (width) => {
    const result = await run(python(), [FORKS, flow.file, `${width}`, '2', body], {
      cwd: folder,
      env,
      timeout: 3_600_000,
    });
    if (result.status !== 0) throw new Error(`The loop of forks failed:\n${result.stderr}`);
    return JSON.parse(result.stdout).seconds;
  };
}
