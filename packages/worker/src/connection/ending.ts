import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

/** Milliseconds that calls get to notice that they were cancelled. */
const LEAVING = 1_000;

/**
 * Work that calls the server, for as long as somebody wants it: when the signal comes its calls are cancelled, and nothing of them is left when
 * this returns. A call that outlives its connection is not harmless: the client may try it once more, and throws where nobody catches.
 *
 * @returns what the work returns; undefined where the signal came first
 * @throws as the work, while it is wanted
 * @example
 * ```ts
 * const progress = await endingWith(signal, client, () => fetchProgress(client, workflowId));
 * ```
 */
export async function endingWith<T>(
  signal: AbortSignal,
  client: Client,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const unwanted = (): boolean => signal.aborted;
  if (unwanted()) return undefined;
  // One for each: the client adds a listener with each call, and never takes it away.
  const calls = new AbortController();
  let stop = (): void => undefined;
  const left = new Promise<void>((resolve) => {
    stop = () => {
      calls.abort();
      resolve();
    };
  }).then(() => sleep(LEAVING, undefined, { ref: false }));
  signal.addEventListener('abort', stop, { once: true });
  const working = client.withAbortSignal(calls.signal, work);
  working.catch(() => undefined);
  try {
    return await Promise.race([working, left.then(() => undefined)]);
  } catch (error) {
    if (unwanted()) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
