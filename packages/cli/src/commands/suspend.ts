import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { askedJson, warnUnserved } from '../run/asked.js';

/**
 * `mft suspend`: no new task of a run starts until it is unsuspended.
 *
 * @throws MftError RUN_NOT_FOUND, RUN_ENDED, and as {@link withServer}
 */
export async function suspend([name = '']: readonly string[], flags: TemporalFlags, context: Context): Promise<Result> {
  const { suspendRun } = await import('@mft/worker');
  const run = await withServer(flags, context, ({ client }) => suspendRun(client, name));
  warnUnserved(run, 'the run is suspended', context);
  return {
    text: `Suspended ${run.pathspec}: running tasks go on, no new one starts. Let it go on with: mft unsuspend ${run.pathspec}`,
    json: askedJson(run, { suspended: true }),
  };
}

/**
 * `mft unsuspend`: let a suspended run go on.
 *
 * @throws MftError RUN_NOT_FOUND, RUN_ENDED, and as {@link withServer}
 */
export async function unsuspend(
  [name = '']: readonly string[],
  flags: TemporalFlags,
  context: Context,
): Promise<Result> {
  const { unsuspendRun } = await import('@mft/worker');
  const run = await withServer(flags, context, ({ client }) => unsuspendRun(client, name));
  warnUnserved(run, 'the run goes on', context);
  return { text: `${run.pathspec} goes on.`, json: askedJson(run, { suspended: false }) };
}
