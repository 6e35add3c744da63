import { executeChild, proxyActivities } from '@temporalio/workflow';

/*
 * What somebody would write for a foreach, knowing its width beforehand: the same window, the same children as the interpreter's, and nothing
 * else. No graph, no failures, no progress, no undoing.
 */

/** @type {{ noop: (input: { index: number }) => Promise<unknown> }} */
const { noop } = proxyActivities({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30s',
  retry: { maximumAttempts: 3 },
});

/**
 * Runs `to - from` activities, `window` at a time.
 *
 * @param {{ from: number, to: number, window: number }} range
 */
export async function byHandRange({ from, to, window }) {
  let next = from;
  const lane = async () => {
    while (next < to) {
      const index = next++;
      await noop({ index });
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, to - from) }, lane));
  return to - from;
}

/**
 * A foreach: in children above `threshold`, a few at a time.
 *
 * @param {{ width: number, window: number, threshold: number, size: number, childWindow: number, atOnce: number }} foreach
 */
export async function byHand({ width, window, threshold, size, childWindow, atOnce }) {
  if (width <= threshold) return await byHandRange({ from: 0, to: width, window });
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < width) {
      const from = next;
      next += size;
      const ran = await executeChild(byHandRange, {
        args: [{ from, to: Math.min(width, from + size), window: childWindow }],
      });
      done += ran;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return done;
}
