import type { Client, ConnectionLike } from '@temporalio/client';

/** Milliseconds that one poll lasts at most: who was last heard of longer ago is gone. */
const POLL = 70_000;

/**
 * Whether a worker polls a task queue now. Where none does, a run starts and waits. Answers `undefined` where the server does
 * not say.
 *
 * @example
 * ```ts
 * if ((await isPolled(client, config.taskQueue)) === false) console.warn('Nothing works on it yet.');
 * ```
 */
export async function isPolled(client: Client, taskQueue: string): Promise<boolean | undefined> {
  return isPolledBy(client.connection, client.options.namespace, taskQueue);
}

/**
 * As {@link isPolled}, over any connection, a worker's own too.
 *
 * @param identity - count only the worker of this identity
 */
export async function isPolledBy(
  connection: ConnectionLike,
  namespace: string,
  taskQueue: string,
  identity?: string,
): Promise<boolean | undefined> {
  try {
    const { pollers } = await connection.withDeadline(Date.now() + 3_000, () =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
      }),
    );
    const heard = pollers.filter(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - POLL,
    );
    return heard.some((poller) => identity === undefined || poller.identity === identity);
  } catch {
    return undefined;
  }
}
