import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { python as own } from '../../lib/paths.mjs';
import { isolated, run } from '../../lib/process.mjs';

/**
 * `metaflow run`, as somebody types it.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../lib/context.mjs').BenchFlow} flow
 * @param {{ python?: string, maxWorkers?: number }} [options]
 * @returns {(params: Record<string, unknown>) => Promise<number>} seconds of a run
 */
export function metaflowRun({ directory }, flow, { python = own(), maxWorkers = 2 } = {}) {
  const folder = path.join(directory, 'metaflow');
  mkdirSync(folder, { recursive: true });
  const env = isolated(folder);
  const words = [
    flow.file,
    '--no-pylint',
    '--quiet',
    'run',
    '--max-workers',
    `${maxWorkers}`,
    '--max-num-splits',
    '200000',
  ];
  return async (params) => {
    const given = Object.entries(params).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const result = await run(python, [...words, ...given], { cwd: folder, env, timeout: 3_600_000 });
    if (result.status !== 0) throw new Error(`metaflow run failed:\n${result.stderr}`);
    return result.seconds;
  };
}
