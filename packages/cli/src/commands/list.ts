import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { localTime, table } from '../table.js';

/** Flags of `mft list`. */
export interface ListFlags extends TemporalFlags {
  readonly flow?: string;
}

/**
 * `mft list`: the deployments that are recorded, and whether a worker serves them.
 *
 * @throws MftError as {@link withServer}
 */
export async function list(_words: readonly string[], flags: ListFlags, context: Context): Promise<Result> {
  const { isPolled, listDeployments } = await import('@mft/worker');
  const deployments = await withServer(flags, context, async ({ client }) => {
    const all = await listDeployments(client);
    const summaries = all.filter(({ flow }) => flags.flow === undefined || flow === flags.flow);
    return Promise.all(
      summaries.map(async ({ name, flow, hash, taskQueue, createdAt }) => {
        const served = await isPolled(client, taskQueue);
        return { name, flow, hash, taskQueue, createdAt, ...(served === undefined ? {} : { served }) };
      }),
    );
  });
  const rows = deployments.map(({ name, flow, taskQueue, createdAt, served }) => [
    name,
    flow,
    served === undefined ? '?' : served ? 'yes' : 'no',
    localTime(createdAt),
    taskQueue,
  ]);
  return {
    text:
      rows.length === 0
        ? 'No deployment is recorded here. Record one with: mft create FLOW.py'
        : table([['NAME', 'FLOW', 'SERVED', 'CREATED', 'TASK QUEUE'], ...rows]),
    json: { deployments },
  };
}
