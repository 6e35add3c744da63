import { setTimeout as sleep } from 'node:timers/promises';
import { SCHEDULE_PREFIX } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { isRefusedQuery } from '../connection/refused-query.js';

/** Of the marks of deployments that wait for events: see `waiting.ts` beside what publishes. */
export const WAITING_PREFIX = 'mft-waiting-';

/**
 * Names of the deployments that a namespace's list of schedules shows, in no order. The list may lag a second behind.
 *
 * Read without the client's decoder: a namespace may hold schedules of others, whose memos only they can read.
 *
 * @example
 * ```ts
 * await deploymentNames(client); // ['HelloFlow', 'project.user.me.TrainFlow']
 * ```
 */
export async function deploymentNames(client: Client): Promise<string[]> {
  return namesAfter(client, SCHEDULE_PREFIX);
}

/**
 * Names of the deployments that wait for events, and perhaps of some that did.
 *
 * @example
 * ```ts
 * await waitingNames(client); // ['ReportFlow']
 * ```
 */
export async function waitingNames(client: Client): Promise<string[]> {
  return namesAfter(client, WAITING_PREFIX);
}

async function namesAfter(client: Client, prefix: string): Promise<string[]> {
  try {
    return await pages(client, prefix, `ScheduleId STARTS_WITH '${prefix}'`);
  } catch (error) {
    // A server from before schedules could be sought by id.
    if (isRefusedQuery(error)) return pages(client, prefix);
    throw error;
  }
}

/**
 * Wait until the list of schedules shows a deployment, or its mark: it may lag behind. Gives up without a word.
 *
 * @param prefix - `WAITING_PREFIX` for the mark
 * @param patience - milliseconds
 */
export async function untilListed(
  client: Client,
  name: string,
  prefix = SCHEDULE_PREFIX,
  patience = 5_000,
): Promise<void> {
  const end = Date.now() + patience;
  const query = `ScheduleId = '${prefix}${name}'`;
  // A server that cannot be asked so is not asked again.
  const isListed = (): Promise<boolean> =>
    pages(client, prefix, query).then(
      ({ length }) => length > 0,
      () => true,
    );
  while (!(await isListed()) && Date.now() < end) await sleep(50);
}

async function pages(client: Client, prefix: string, query?: string): Promise<string[]> {
  const names: string[] = [];
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await client.workflowService.listSchedules({
      namespace: client.options.namespace,
      maximumPageSize: 1000,
      ...(query === undefined ? {} : { query }),
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    });
    for (const { scheduleId, memo } of page.schedules) {
      if (scheduleId?.startsWith(prefix) === true && Object.hasOwn(memo?.fields ?? {}, 'mft'))
        names.push(scheduleId.slice(prefix.length));
    }
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
  return names;
}
