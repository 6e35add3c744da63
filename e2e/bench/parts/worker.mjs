import { setTimeout as sleep } from 'node:timers/promises';
import { openMft } from '../contenders/mft.mjs';
import { until } from '../../lib/process.mjs';
import { flow } from '../lib/context.mjs';
import { megabytes, tree } from '../lib/memory.mjs';
import { median } from '../lib/stats.mjs';

const TASKS = 200;

/** (f) A worker: how soon it polls, what it holds when idle and with many tasks. @type {import('../lib/report.mjs').Part} */
export async function worker(context, { rounds, tell }) {
  const waiting = flow('sleep.py', 'SleepFlow');
  /** @type {number[]} */
  const ready = [];
  /** @type {number[]} */
  const idle = [];
  for (let round = 0; round < rounds; round++) {
    const opened = await openMft(context, waiting, { warm: { width: 1, seconds: 0 } });
    ready.push(opened.worker.ready);
    tell('first poll', opened.worker.ready / 1000);
    await sleep(2000);
    idle.push(megabytes(tree(opened.worker.pid)));
    await opened.stop();
  }
  const many = await openMft(context, waiting, { args: ['--max-workers', `${TASKS}`], warm: { width: 1, seconds: 0 } });
  try {
    const before = tree(many.worker.pid).length;
    // Two runs: one has half as many in flight at most.
    const half = { width: TASKS / 2, seconds: 60 };
    const runs = Promise.all([many.execute(half), many.execute(half)]);
    runs.catch(() => undefined);
    const all = () => tree(many.worker.pid).length - before >= TASKS;
    await until(all, { timeout: 60_000, what: `${TASKS} tasks at the same time` });
    const full = megabytes(tree(many.worker.pid));
    await runs;
    return [
      {
        name: 'a worker file, from its start to its first poll',
        unit: 'ms',
        values: { mft: median(ready) },
        ratios: [{ name: 'seconds', value: median(ready) / 1000, most: 1.5 }],
        samples: { mft: ready },
      },
      {
        name: 'memory of worker and launcher, idle',
        unit: 'MB',
        values: { mft: median(idle) },
        ratios: [{ name: 'MB', value: median(idle), most: 300 }],
        samples: { mft: idle },
      },
      {
        name: `memory with ${TASKS} empty tasks running`,
        unit: 'MB',
        values: { mft: full },
        ratios: [],
        notes: `${((full - median(idle)) / TASKS).toFixed(1)} MB a task; what tasks share is counted once`,
        samples: { mft: [full] },
      },
    ];
  } finally {
    await many.stop();
  }
}
