import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { endingWith } from '../connection/ending.js';
import { describeOutcome, type RunOutcome, type RunRef } from './outcome.js';
import { fetchProgress } from './progress.js';

/** How a run is watched. */
export interface WatchOptions {
  /** Milliseconds between two looks (default 250; slower where nobody watches live: see `pollInterval` of a display). */
  readonly interval?: number | undefined;
}

/**
 * Watch a run to its end, telling of its progress on the way and once more at the end.
 * A worker that does not answer in time is no error: the next look may succeed, and the outcome comes from the server.
 *
 * @param onProgress - called with each new state
 * @throws what Temporal's client throws where the server is lost
 * @example
 * ```ts
 * const display = createProgressDisplay(process.stderr, config.plan.graph);
 * const outcome = await watchRun(client, run, (p) => display.update(p), { interval: display.pollInterval });
 * display.finish(outcome);
 * ```
 */
export async function watchRun(
  client: Client,
  run: RunRef,
  onProgress: (progress: Progress) => void,
  options: WatchOptions = {},
): Promise<RunOutcome> {
  const { interval = 250 } = options;
  const ended = new AbortController();
  const looking = look(client, run.workflowId, onProgress, interval, ended.signal);
  try {
    return await describeOutcome(client, run);
  } finally {
    ended.abort();
    await looking;
    await report(client, run.workflowId, onProgress, LAST);
  }
}

/** Milliseconds until the first look: a query that arrives before the run's first step on a worker waits longer than that step takes. */
const FIRST = 100;
/** Milliseconds that a look may take. A query put before any worker polled may never be answered; the next one is. */
const PATIENCE = 2_000;

/** The same of the last look. Where no worker polls any more the server says so at once; a busy one is worth waiting for. */
const LAST = 5_000;

async function look(
  client: Client,
  workflowId: string,
  onProgress: (p: Progress) => void,
  interval: number,
  signal: AbortSignal,
): Promise<void> {
  // An answer that comes after the end is older than what is told at the end.
  const tell = (progress: Progress): void => {
    if (!signal.aborted) onProgress(progress);
  };
  await pause(Math.min(FIRST, interval), signal);
  while (!signal.aborted) {
    await endingWith(signal, client, () => report(client, workflowId, tell, PATIENCE));
    await pause(interval, signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function report(
  client: Client,
  workflowId: string,
  onProgress: (p: Progress) => void,
  timeout: number,
): Promise<void> {
  const progress = await fetchProgress(client, workflowId, timeout).catch(() => undefined);
  if (progress !== undefined) onProgress(progress);
}
