import { openEngine } from '../contenders/engine.mjs';
import { historySizes } from '../../lib/temporal.mjs';
import { flow, withContext } from '../lib/context.mjs';
import { inTurn, medianOf, ratioOf } from '../lib/stats.mjs';

/** What takes minutes: how many activities, and how they hang together. */
const LONG = [
  { name: '100,000 activities that do nothing', file: 'wide.py', flow: 'WideFlow', width: 100_000, count: 100_000 },
  { name: 'a foreach of 300 in a foreach of 300', file: 'nested.py', flow: 'NestedFlow', width: 300, count: 90_600 },
  { name: 'a loop of 10,000 rounds', file: 'rounds.py', flow: 'RoundsFlow', rounds: 10_000, count: 10_000 },
  { name: '20 loops of 1,000', file: 'loops.py', flow: 'LoopsFlow', width: 20, rounds: 1000, count: 20_040 },
];

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
        width > 1000 ? Math.min(rounds, 3) : rounds,
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
  } finally {
    await opened.stop();
  }
  // A server that has carried a hundred thousand activities is not the one that it was.
  for (const each of full ? LONG : []) rows.push(await withContext((own) => long(own, each, tell)));
  return rows;
}

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {{ name: string, file: string, flow: string, width?: number, rounds?: number, count: number }} what
 * @param {(name: string, seconds: number) => void} tell
 * @returns {Promise<import('../lib/report.mjs').Row>}
 */
async function long(context, { name, file, flow: flowName, width = 1, rounds = 1, count }, tell) {
  const opened = await openEngine(context, flow(file, flowName));
  try {
    const { seconds, workflowId } = await opened.interpreter(width, rounds);
    tell(name, seconds);
    const sizes = await historySizes(context.client, workflowId);
    return {
      ...{ name, unit: 'a second', ratios: [], values: { mft: count / seconds }, samples: { mft: [seconds] } },
      notes: `${sizes.length} executions, the largest history ${Math.max(...sizes.map(({ events }) => events))} events`,
    };
  } finally {
    await opened.stop();
  }
}
