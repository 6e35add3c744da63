import { metaflowRun } from '../contenders/metaflow.mjs';
import { openMft } from '../contenders/mft.mjs';
import { openPythonPackage } from '../contenders/python-package.mjs';
import { flow } from '../lib/context.mjs';
import { inTurn, median, ratioOf } from '../lib/stats.mjs';

const STEPS = 20;

/** (a) What a step costs: a line of 20 empty ones. @type {import('../lib/report.mjs').Part} */
export async function line(context, { rounds, packagePython, tell }) {
  const twenty = flow('line.py', 'LineFlow');
  const ours = await openMft(context, twenty);
  const theirs = packagePython ? await openPythonPackage(context, twenty, packagePython) : undefined;
  await theirs?.execute({});
  const run = metaflowRun(context, twenty);
  try {
    const samples = await inTurn(
      {
        mft: async () => (await ours.execute({})).seconds,
        'metaflow run': () => run({}),
        ...(theirs ? { 'Python package': () => theirs.execute({}) } : {}),
      },
      rounds,
      tell,
    );
    return [
      {
        name: 'a step of 20 empty ones in a line',
        unit: 'ms',
        values: Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, (median(all) / STEPS) * 1000])),
        ratios: [
          { name: 'metaflow run / mft', value: ratioOf(samples, 'metaflow run', 'mft'), least: 6 },
          ...(theirs
            ? [{ name: 'Python package / mft', value: ratioOf(samples, 'Python package', 'mft'), least: 10 }]
            : []),
        ],
        samples,
      },
    ];
  } finally {
    await ours.stop();
    theirs?.stop();
  }
}
