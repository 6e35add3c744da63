import { setTimeout as sleep } from 'node:timers/promises';

/** gRPC's status of a question that none of the server's own workers is there to answer. */
const FAILED_PRECONDITION = 9;
/** Milliseconds, within which a server that has just started has its workers. */
const PATIENCE = 15_000;

/**
 * Ask the server about a schedule, again where it has started so lately that nobody there could answer.
 *
 * @throws as `ask`; the server's own error where it could not answer for 15 seconds
 * @example
 * ```ts
 * const description = await onceStarted(() => client.schedule.getHandle('metaflow-HelloFlow').describe());
 * ```
 */
export async function onceStarted<T>(ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isStarting(error) || Date.now() > end) throw error;
      await sleep(200);
    }
  }
}

function isStarting(error: unknown): boolean {
  const cause = (error as { cause?: { code?: unknown; details?: unknown } } | undefined)?.cause;
  return cause?.code === FAILED_PRECONDITION && String(cause.details).includes('no poller');
}
