import { MftError, type ScheduleOverlap } from '@mft/graph';
import type { Context, Result } from '../../context.js';
import type { TemporalFlags } from '../../options.js';
import { withServer } from '../../remote.js';

/** Flags of `mft schedule trigger`. */
export interface TriggerFlags extends TemporalFlags {
  readonly overlap?: ScheduleOverlap;
}

/** Flags of `mft schedule backfill`. */
export interface BackfillFlags extends TriggerFlags {
  readonly from?: string;
  readonly to?: string;
}

/** Runs that are named. */
const NAMED = 10;

/**
 * `mft schedule trigger`: a run now, as the schedule would start it.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, NO_SCHEDULE, and as {@link withServer}
 */
export async function trigger([name = '']: readonly string[], flags: TriggerFlags, context: Context): Promise<Result> {
  const { triggerSchedule } = await import('@mft/worker');
  const { overlap } = flags;
  const { outcome, run } = await withServer(flags, context, ({ client }) =>
    triggerSchedule(client, name, overlap === undefined ? {} : { overlap }),
  );
  const said = {
    started: run?.pathspec ?? '',
    skipped: `No run is started: another one of ${name} goes on.`,
    waiting: `A run of ${name} begins once another one has ended.`,
  };
  return { text: said[outcome], json: { deployment: name, outcome, ...run } };
}

/**
 * `mft schedule backfill`: the runs that were due in a time that has passed.
 *
 * @throws MftError MISSING_OPTION, INVALID_OPTION, INVALID_TIME, DEPLOYMENT_NOT_FOUND, NO_SCHEDULE, SCHEDULE_OFF, NOTHING_DUE,
 * BACKFILL_TOO_LARGE, and as {@link withServer}
 */
export async function backfill(
  [name = '']: readonly string[],
  flags: BackfillFlags,
  context: Context,
): Promise<Result> {
  const { from: first, to: last, overlap } = flags;
  if (first === undefined) {
    throw new MftError('MISSING_OPTION', 'From when on is not said.', {
      hint: `For example: mft schedule backfill ${name} --from 2026-11-30`,
    });
  }
  const [{ backfillSchedule, readSchedule }, { parseTime }] = await Promise.all([
    import('@mft/worker'),
    import('@mft/schedule'),
  ]);
  const { runs, already } = await withServer(flags, context, async ({ client }) => {
    const { timezone } = await readSchedule(client, name);
    const from = parseTime(first, { timezone });
    const to = last === undefined ? new Date() : lastTime((whole) => parseTime(last, { timezone, last: whole }));
    checkWindow(from, to);
    return backfillSchedule(client, name, { from, to, overlap });
  });
  const lines = runs.slice(0, NAMED).map(({ pathspec }) => `  ${pathspec}`);
  return {
    text: [
      runs.length === 0 ? 'No run is started.' : `Asked for ${count(runs.length)} of ${name}:`,
      ...lines,
      ...(runs.length > NAMED ? ['  …'] : []),
      ...(already.length === 0
        ? []
        : [`${count(already.length)} left out: started before. One that failed: mft resume`]),
    ].join('\n'),
    json: { deployment: name, runs, already },
  };
}

/** A date alone is a whole day; of today, what has passed of it. */
function lastTime(parse: (whole: boolean) => Date): Date {
  const [begin, end, now] = [parse(false), parse(true), new Date()];
  return begin <= now && now < end ? now : end;
}

/** A run that was started ahead of its time would be in the way of the one that is due. */
function checkWindow(from: Date, to: Date): void {
  const now = new Date();
  if (from <= to && to <= now) return;
  const sentence =
    to > now
      ? `--to ${to.toISOString()} has not come yet.`
      : `--from ${from.toISOString()} comes after --to ${to.toISOString()}.`;
  throw new MftError('INVALID_OPTION', sentence, { hint: 'Name a time that has passed, its beginning first.' });
}

function count(n: number): string {
  return n === 1 ? '1 run' : `${String(n)} runs`;
}
