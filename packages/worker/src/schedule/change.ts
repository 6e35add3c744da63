import { randomUUID } from 'node:crypto';
import { MftError, scheduleIdOf } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { findSchedule, isOff } from './describe.js';

/** gRPC's status for an update of what has changed meanwhile. */
const FAILED_PRECONDITION = 9;
const TRIES = 5;

/**
 * Start no more runs by a schedule until it is unpaused. Runs that go on are left alone, and so is whoever triggers one.
 *
 * @param note - why; a later deployment leaves pause and note as they are
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE`
 * @example
 * ```ts
 * await pauseSchedule(client, 'HelloFlow', 'the source is being moved');
 * ```
 */
export async function pauseSchedule(client: Client, name: string, note?: string): Promise<void> {
  await findSchedule(client, name);
  await handleOf(client, name).pause(note || 'Paused with mft.');
}

/**
 * Let a paused schedule go on. What was due in the meantime is not made up for: that is what {@link backfillSchedule} is for.
 *
 * @param note - takes the place of the pause's
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE`
 * @example
 * ```ts
 * await unpauseSchedule(client, 'HelloFlow');
 * ```
 */
export async function unpauseSchedule(client: Client, name: string, note?: string): Promise<void> {
  await findSchedule(client, name);
  await handleOf(client, name).unpause(note || 'Unpaused with mft.');
}

/**
 * Take a schedule off a deployment, which stays on record: no run is due until a newer version of it is recorded. One that is recorded
 * already may be recorded again by its workers as often as they like.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE`, `SCHEDULE_OFF` where it is off already
 * @example
 * ```ts
 * await deleteSchedule(client, 'HelloFlow');
 * ```
 */
export async function deleteSchedule(client: Client, name: string): Promise<void> {
  const found = await findSchedule(client, name);
  if (isOff(found)) throw scheduleOff(name, found.schedule.active === false);
  // As it lies on the server: decoded and encoded again, what a newer release has added would be lost.
  const service = client.workflowService;
  const { namespace, identity } = client.options;
  const scheduleId = scheduleIdOf(name);
  for (let tries = 1; ; tries++) {
    const { schedule, conflictToken } = await service.describeSchedule({ namespace, scheduleId });
    try {
      const emptied = { ...schedule, spec: {} };
      await service.updateSchedule({
        namespace,
        scheduleId,
        schedule: emptied,
        conflictToken,
        identity,
        requestId: randomUUID(),
      });
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== FAILED_PRECONDITION || tries === TRIES) throw error;
    }
  }
}

/** The error of what only a schedule that is not off can do. */
export function scheduleOff(name: string, byCreate: boolean): MftError {
  const sentence = `The schedule of "${name}" is off: ${byCreate ? 'the deployment was made without it' : 'it was taken off'}.`;
  return new MftError('SCHEDULE_OFF', sentence, {
    hint: `Deploy the flow again to turn it on: mft create FLOW.py${byCreate ? ' --schedule' : ''}`,
    exitCode: 1,
  });
}

function handleOf(client: Client, name: string): ReturnType<Client['schedule']['getHandle']> {
  return client.schedule.getHandle(scheduleIdOf(name));
}
