import { metaflowRun } from '../contenders/metaflow.mjs';
import { openMft } from '../contenders/mft.mjs';
import { openPythonPackage } from '../contenders/python-package.mjs';
import { rawForks } from '../contenders/raw.mjs';
import { historySizes } from '../../lib/temporal.mjs';
import { flow } from '../lib/context.mjs';
import { inTurn, median, medianOf, ratioOf } from '../lib/stats.mjs';

/**
 * (b) and (e): a foreach of so many empty tasks, against those who run it too and against the forks alone.
 *
 * @type {import('../lib/report.mjs').Part}
 */
export async function wide(context, { rounds, full, packagePython, widths, tell }) {
  const empty = flow('wide.py', 'WideFlow');
  const ours = await openMft(context, empty, { warm: { width: 16 } });
  const theirs = packagePython ? await openPythonPackage(context, empty, packagePython) : undefined;
  await theirs?.execute({ width: 2 });
  const run = metaflowRun(context, empty);
  const raw = rawForks(context, empty);
  /** @type {import('../lib/report.mjs').Row[]} */
  const rows = [];
  try {
    for (const width of widths) {
      // Minutes each: twice is enough, and only where it was asked for.
      const slow = width <= 100 || (full && width <= 1000);
      /** @type {string | undefined} */
      let last;
      const samples = await inTurn(
        {
          mft: async () => {
            const { seconds, workflowId } = await ours.execute({ width });
            last = workflowId;
            return seconds;
          },
          'forks alone': () => raw(width),
          ...(slow ? { 'metaflow run': () => run({ width }) } : {}),
          ...(slow && theirs ? { 'Python package': () => theirs.execute({ width }) } : {}),
        },
        Math.min(rounds, width <= 100 ? rounds : slow ? 2 : width > 1000 ? 1 : 3),
        (name, seconds) => tell(`${name}, ${width} tasks`, seconds),
      );
      const sizes = last === undefined ? [] : await historySizes(context.client, last);
      rows.push({
        name: `a foreach of ${width.toLocaleString('en')} empty tasks`,
        unit: 's',
        width,
        values: Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, median(all)])),
        ratios: [
          {
            name: 'forks alone / mft',
            value: ratioOf(samples, 'forks alone', 'mft'),
            ...bar(width, 0.8),
          },
          ...(slow
            ? [{ name: 'metaflow run / mft', value: ratioOf(samples, 'metaflow run', 'mft'), ...bar(width, 8) }]
            : []),
          ...(slow && theirs
            ? [{ name: 'Python package / mft', value: ratioOf(samples, 'Python package', 'mft'), ...bar(width, 10) }]
            : []),
          ...growth(rows, width, medianOf(samples, 'mft')),
        ],
        notes: `${sizes.length} workflows, the largest history ${Math.max(...sizes.map(({ events }) => events))} events`,
        samples,
      });
    }
    if (full && theirs) rows.push(...(await beyond(theirs)));
    return rows;
  } finally {
    await ours.stop();
    theirs?.stop();
  }
}

/** Tasks of a foreach that are one too many for who has them all in one workflow at once. */
const TOO_MANY = 2001;

/** @param {Awaited<ReturnType<typeof openPythonPackage>>} theirs @returns {Promise<import('../lib/report.mjs').Row[]>} */
async function beyond(theirs) {
  const notes = await theirs.refusal({ width: TOO_MANY }).catch(String);
  const refused = notes.includes('PendingActivitiesLimitExceeded');
  if (!refused) console.log(`   Python package, ${TOO_MANY} tasks: ${notes}`);
  const name = `a foreach of ${TOO_MANY.toLocaleString('en')} empty tasks by the Python package`;
  const row = { name, unit: 's', beyond: { 'Python package': TOO_MANY }, values: {}, ratios: [], notes, samples: {} };
  return refused ? [row] : [];
}

/** The bars are for 1,000 tasks. @param {number} width @param {number} least */
const bar = (width, least) => (width === 1000 ? { least } : {});

/** @param {readonly import('../lib/report.mjs').Row[]} rows @param {number} width @param {number} seconds */
function growth(rows, width, seconds) {
  const smaller = rows.find((row) => row.width === 1000);
  if (width !== 10_000 || smaller === undefined) return [];
  return [{ name: '10,000 tasks / 1,000 tasks', value: seconds / (smaller.values['mft'] ?? NaN), most: 11 }];
}
