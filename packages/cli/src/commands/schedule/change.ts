import type { Client } from '@temporalio/client';
import type { Context, Result } from '../../context.js';
import type { TemporalFlags } from '../../options.js';
import { withServer } from '../../remote.js';

/** Flags of whatever changes a schedule. */
export interface ChangeFlags extends TemporalFlags {
  /** Production token of the deployment, where somebody else made it. */
  readonly authorize?: string;
}

/** Flags of `mft schedule pause` and `unpause`. */
export interface PauseFlags extends ChangeFlags {
  readonly note?: string;
}

/**
 * `mft schedule pause`: no more runs are started by a schedule.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, INCORRECT_TOKEN, NO_SCHEDULE, and as {@link withServer}
 */
export async function pause([name = '']: readonly string[], flags: PauseFlags, context: Context): Promise<Result> {
  const { pauseSchedule } = await import('@mft/worker');
  await change(name, flags, context, (client) => pauseSchedule(client, name, flags.note));
  return {
    text: `Paused the schedule of ${name}: runs that go on are left alone. Let it go on with: mft schedule unpause ${name}`,
    json: { deployment: name, paused: true },
  };
}

/**
 * `mft schedule unpause`: a schedule goes on.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, INCORRECT_TOKEN, NO_SCHEDULE, and as {@link withServer}
 */
export async function unpause([name = '']: readonly string[], flags: PauseFlags, context: Context): Promise<Result> {
  const { unpauseSchedule } = await import('@mft/worker');
  await change(name, flags, context, (client) => unpauseSchedule(client, name, flags.note));
  return {
    text: `The schedule of ${name} goes on. What was due meanwhile is not made up for; that is: mft schedule backfill ${name} --from TIME`,
    json: { deployment: name, paused: false },
  };
}

/**
 * `mft schedule delete`: a schedule is off until the flow is deployed again; the deployment stays.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, INCORRECT_TOKEN, NO_SCHEDULE, SCHEDULE_OFF, and as {@link withServer}
 */
export async function remove([name = '']: readonly string[], flags: ChangeFlags, context: Context): Promise<Result> {
  const { deleteSchedule } = await import('@mft/worker');
  await change(name, flags, context, (client) => deleteSchedule(client, name));
  return {
    text: `Took the schedule off ${name}, which stays deployed. "mft create" brings it back; runs that go on are left alone.`,
    json: { deployment: name, deleted: true },
  };
}

/** Who may not deploy a production flow may not change when it runs either. */
async function change(
  name: string,
  flags: ChangeFlags,
  context: Context,
  action: (client: Client) => Promise<void>,
): Promise<void> {
  const { checkToken } = await import('@mft/worker');
  await withServer(flags, context, async ({ client }) => {
    await checkToken(client, name, { authorize: flags.authorize, env: context.env });
    await action(client);
  });
}
