import type { Client, ScheduleDescription, ScheduleHandle, ScheduleOptions } from '@temporalio/client';

export interface UpsertOptions {
  /**
   * Asked where the schedule exists already: true leaves it as it is, so that, say, an older deployment does not overwrite a newer one.
   * @defaultValue always overwrite
   */
  readonly keep?: (current: ScheduleDescription) => boolean;
}

export interface Upserted {
  readonly handle: ScheduleHandle;
  readonly outcome: 'created' | 'updated' | 'kept';
}

/**
 * Creates a schedule, or updates the one of that id. Whether it is paused, its note and the actions that remain stay as they are; so
 * does its memo, which Temporal sets only once: put what changes into the action's memo.
 *
 * @param client - Temporal's client
 * @param options - as for `client.schedule.create`
 * @example
 * ```ts
 * const { outcome } = await upsertSchedule(client, { scheduleId: 'report', spec: toScheduleSpec('@daily'), action });
 * ```
 */
export async function upsertSchedule(
  client: Pick<Client, 'schedule'>,
  options: ScheduleOptions,
  { keep }: UpsertOptions = {},
): Promise<Upserted> {
  try {
    return { handle: await client.schedule.create(options), outcome: 'created' };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ScheduleAlreadyRunning') throw error;
  }
  const handle = client.schedule.getHandle(options.scheduleId);
  let outcome: Upserted['outcome'] = 'updated';
  const current = await handle.describe();
  if (keep?.(current) === true) outcome = 'kept';
  else {
    const { scheduleId: _id, memo: _memo, state: _state, ...update } = options;
    await handle.update(({ state }) => ({ ...(update as { action: never; spec: never }), state }));
  }
  return { handle, outcome };
}
