import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { askedJson, warnUnserved } from '../run/asked.js';

/** Flags of `mft cancel`. */
export interface CancelFlags extends TemporalFlags {
  readonly wait?: true;
}

/**
 * `mft cancel`: ask a run to end in order: its tasks are cancelled, what is to be undone is undone. Waits for that only with `--wait`.
 *
 * @throws MftError RUN_NOT_FOUND, RUN_ENDED, and as {@link withServer}
 */
export async function cancel([name = '']: readonly string[], flags: CancelFlags, context: Context): Promise<Result> {
  const { cancelRun, colorsFor, describeOutcome, formatOutcome, incompleteLine } = await import('@mft/worker');
  return withServer(flags, context, async ({ client }) => {
    const run = await cancelRun(client, name);
    warnUnserved(run, 'the run is cancelled', context);
    const { pathspec, deployment } = run;
    if (flags.wait !== true) {
      return {
        text: `Asked ${pathspec} to cancel: its tasks are stopped, then it ends. See it with: mft status ${pathspec}`,
        json: askedJson(run, { cancelRequested: true }),
      };
    }
    context.notice.say(`Cancelling ${pathspec} and waiting for its end.`);
    const outcome = await describeOutcome(client, run);
    return {
      text: formatOutcome(outcome, colorsFor(context.screen, context.env)),
      json: { ...outcome, cancelRequested: true, deployment },
      // It may have come to its own end first.
      exitCode: outcome.status === 'cancelled' ? 0 : 1,
      last: incompleteLine(outcome),
    };
  });
}
