import { openEngine } from '../contenders/engine.mjs';
import { historySizes } from '../../lib/temporal.mjs';
import { flow } from '../lib/context.mjs';
import { inTurn, medianOf, ratioOf } from '../lib/stats.mjs';

/**
 * (d) The interpreter without any Python: activities that only answer, against a workflow written by hand for this one foreach, and
 * against what the server can at best.
 *
 * @type {import('../lib/report.mjs').Part}
 */
export async function engine(context, { rounds, full, tell }) {
  const opened = await openEngine(context, flow('wide.py', 'WideFlow'));
  /** @type {import('../lib/report.mjs').Row[]} */
  const rows = [];
  try {
    await opened.interpreter(100);
    await opened.byHand(100);
    for (const width of [1000, 5000]) {
      const samples = await inTurn(
        {
          mft: async () => (await opened.interpreter(width)).seconds,
          'by hand': async () => (await opened.byHand(width)).seconds,
          'one flat workflow': async () => (await opened.flat(width)).seconds,
        },
        Math.min(rounds, 3),
        (name, seconds) => tell(`${name}, ${width} activities`, seconds),
      );
      rows.push({
        name: `${width.toLocaleString('en')} activities that do nothing`,
        unit: 'a second',
        values: {
          mft: width / medianOf(samples, 'mft'),
          'by hand': width / medianOf(samples, 'by hand'),
          'one flat workflow': Math.min(width, 1900) / medianOf(samples, 'one flat workflow'),
        },
        ratios: [{ name: 'by hand / mft, in time', value: ratioOf(samples, 'by hand', 'mft'), least: 0.9 }],
        samples,
      });
    }
    if (full) {
      const width = 100_000;
      const { seconds, workflowId } = await opened.interpreter(width);
      tell(`mft, ${width} activities`, seconds);
      const sizes = await historySizes(context.client, workflowId);
      rows.push({
        name: '100,000 activities that do nothing',
        unit: 'a second',
        values: { mft: width / seconds },
        ratios: [],
        notes: `${sizes.length} workflows, the largest history ${Math.max(...sizes.map(({ events }) => events))} events`,
        samples: { mft: [seconds] },
      });
    }
    return rows;
  } finally {
    await opened.stop();
  }
}
