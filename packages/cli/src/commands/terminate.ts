import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { askedJson } from '../run/asked.js';

/** Flags of `mft terminate`. */
export interface TerminateFlags extends TemporalFlags {
  readonly reason?: string;
}

/**
 * `mft terminate`: end a run at once, with nothing undone, whether a worker is there or not.
 *
 * @throws MftError RUN_NOT_FOUND, RUN_ENDED, and as {@link withServer}
 */
export async function terminate(
  [name = '']: readonly string[],
  flags: TerminateFlags,
  context: Context,
): Promise<Result> {
  const { terminateRun } = await import('@mft/worker');
  const run = await withServer(flags, context, ({ client }) =>
    terminateRun(client, name, flags.reason ?? 'mft terminate'),
  );
  return {
    text: `Terminated ${run.pathspec}: nothing is undone; tasks that still run are killed within seconds.`,
    json: askedJson(run),
  };
}
