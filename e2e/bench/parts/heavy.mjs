import { metaflowRun } from '../contenders/metaflow.mjs';
import { openMft } from '../contenders/mft.mjs';
import { pythonWith } from '../../../scripts/lib/venv.mjs';
import { flow } from '../lib/context.mjs';
import { versions } from '../lib/machine.mjs';
import { inTurn, medianOf, ratioOf } from '../lib/stats.mjs';

const WIDTH = 50;
const LIBRARIES = ['numpy', 'pandas', 'scikit-learn'];

/** (c) A flow that imports numpy, pandas and scikit-learn. @type {import('../lib/report.mjs').Part} */
export async function heavy(context, { rounds, tell }) {
  const imports = flow('heavy.py', 'HeavyFlow');
  const python = await pythonWith(versions().metaflow, 'python3', LIBRARIES);
  const ours = await openMft(context, imports, { python, args: ['--preload', 'auto'], warm: { width: 2 } });
  const run = metaflowRun(context, imports, { python });
  try {
    const params = { width: WIDTH };
    const samples = await inTurn(
      { mft: async () => (await ours.execute(params)).seconds, 'metaflow run': () => run(params) },
      Math.min(rounds, 3),
      tell,
    );
    return [
      {
        name: `a foreach of ${WIDTH} tasks in a file that imports ${LIBRARIES.join(', ')}`,
        unit: 's',
        values: { mft: medianOf(samples, 'mft'), 'metaflow run': medianOf(samples, 'metaflow run') },
        ratios: [{ name: 'metaflow run / mft', value: ratioOf(samples, 'metaflow run', 'mft'), least: 15 }],
        notes: 'mft with --preload auto',
        samples,
      },
    ];
  } finally {
    await ours.stop();
  }
}
