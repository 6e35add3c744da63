import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { askedJson, warnUnserved } from '../run/asked.js';

/** Flags of `mft terminate`. */
export interface TerminateFlags extends TemporalFlags {
  readonly reason?: string;
  /** Undo first what can be undone: a worker has to do so. */
  readonly compensate?: true;
}

/**
 * `mft terminate`: end a run at once, with nothing undone, whether a worker is there or not. With `--compensate` ask it to stop its tasks,
 * undo what can be undone and end as terminated.
 *
 * @throws MftError RUN_NOT_FOUND, RUN_ENDED, and as {@link withServer}
 */
export async function terminate(
  [name = '']: readonly string[],
  flags: TerminateFlags,
  context: Context,
): Promise<Result> {
  const { terminateCompensated, terminateRun } = await import('@mft/worker');
  if (flags.compensate === true) {
    const run = await withServer(flags, context, ({ client }) => terminateCompensated(client, name, flags.reason));
    warnUnserved(run, 'it is undone and ended', context);
    const { pathspec } = run;
    return {
      text: `Asked ${pathspec} to undo what it did and end. See it with: mft status ${pathspec}`,
      json: askedJson(run, { terminateRequested: true }),
    };
  }
  const run = await withServer(flags, context, ({ client }) =>
    terminateRun(client, name, flags.reason ?? 'mft terminate'),
  );
  return {
    text: `Terminated ${run.pathspec}: nothing is undone; tasks that still run are killed within seconds.`,
    json: askedJson(run),
  };
}
