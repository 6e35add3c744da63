import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { python } from '../../lib/paths.mjs';
import { isolated, mft, run } from '../../lib/process.mjs';
import { flow } from '../lib/context.mjs';
import { inTurn, medianOf, ratioOf } from '../lib/stats.mjs';

/** (g) `mft create` against Metaflow's own look at the flow. @type {import('../lib/report.mjs').Part} */
export async function compile({ directory, server }, { rounds, tell }) {
  const folder = path.join(directory, 'compile');
  mkdirSync(folder, { recursive: true });
  const { file } = flow('line.py', 'LineFlow');
  const env = isolated(folder, { TEMPORAL_ADDRESS: server.address });
  const words = ['create', file, '--no-pylint', '-o', path.join(folder, 'worker.mjs')];
  /** @param {{ status: number, stderr: string, seconds: number }} result */
  const seconds = (result) => {
    if (result.status !== 0) throw new Error(result.stderr);
    return result.seconds;
  };
  const samples = await inTurn(
    {
      'mft create': async () => seconds(await mft(words, { cwd: folder, env })),
      'flow.py show': async () => seconds(await run(python(), [file, '--no-pylint', 'show'], { cwd: folder, env })),
    },
    rounds,
    tell,
  );
  return [
    {
      name: 'compiling the line of 20: package saved, worker file written, deployment recorded',
      unit: 's',
      values: { mft: medianOf(samples, 'mft create'), 'flow.py show': medianOf(samples, 'flow.py show') },
      ratios: [{ name: 'mft create / flow.py show', value: ratioOf(samples, 'mft create', 'flow.py show') }],
      samples,
    },
  ];
}
