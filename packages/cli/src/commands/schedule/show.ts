import type { ScheduleDescription } from '@mft/worker';
import type { Context, Result } from '../../context.js';
import type { TemporalFlags } from '../../options.js';
import { withServer } from '../../remote.js';
import { scheduleState } from '../../schedule-state.js';
import { localTime, table } from '../../table.js';

/**
 * `mft schedule list`: the schedules of all recorded deployments.
 *
 * @throws MftError as {@link withServer}
 */
export async function list(_words: readonly string[], flags: TemporalFlags, context: Context): Promise<Result> {
  const { listSchedules } = await import('@mft/worker');
  const schedules = await withServer(flags, context, ({ client }) => listSchedules(client));
  const rows = schedules.map(({ name, cron, timezone, state, next }) => [
    name,
    cron,
    timezone,
    state,
    state === 'active' && next !== undefined ? localTime(next) : '',
  ]);
  return {
    text:
      rows.length === 0
        ? 'No deployment here has a @schedule.'
        : table([['NAME', 'CRON', 'ZONE', 'STATE', 'NEXT, HERE'], ...rows]),
    json: { schedules },
  };
}

/**
 * `mft schedule show`: one schedule, the times at which it is due by its own clock and by the reader's, and the runs that it started.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, NO_SCHEDULE, and as {@link withServer}
 */
export async function show([name = '']: readonly string[], flags: TemporalFlags, context: Context): Promise<Result> {
  const [{ describeSchedule }, { formatTime }] = await Promise.all([import('@mft/worker'), import('@mft/schedule')]);
  const schedule = await withServer(flags, context, ({ client }) => describeSchedule(client, name));
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = (time: string, timezone: string): string => formatTime(new Date(time), { timezone });
  const times = schedule.nextTimes.map((time) => [shown(time, schedule.timezone), shown(time, here)]);
  const recent = schedule.recent.map(({ status, pathspec, scheduledAt, startedAt }) => [
    status?.replace('_', ' ') ?? '?',
    pathspec,
    shown(scheduledAt, schedule.timezone),
    localTime(startedAt),
  ]);
  return {
    text: [
      schedule.name,
      ...facts(schedule).map(([label = '', value]) => `  ${label.padEnd(10)}  ${value}`),
      ...(times.length === 0 ? [] : ['', indented([[`NEXT, ${schedule.timezone}`, `HERE, ${here}`], ...times])]),
      ...(recent.length === 0
        ? []
        : ['', indented([['STATUS', 'RUN', `DUE, ${schedule.timezone}`, `STARTED, ${here}`], ...recent])]),
    ].join('\n'),
    json: schedule,
  };
}

function facts(schedule: ScheduleDescription): string[][] {
  const { cron, timezone, note, policies, counts } = schedule;
  const { overlap, catchup, jitter, pauseOnFailure } = policies;
  return [
    ['Schedule', `${cron} (${timezone})`],
    ['State', scheduleState(schedule)],
    ...(note === undefined || schedule.state === 'paused' ? [] : [['Note', note]]),
    ['Overlap', overlap],
    ['Catch-up', `${String(catchup)} s`],
    ...(jitter === 0 ? [] : [['Jitter', `up to ${String(jitter)} s`]]),
    ...(pauseOnFailure ? [['Failure', 'pauses it']] : []),
    ['Runs', `${String(counts.started)} started, ${String(counts.missed)} missed, ${String(counts.skipped)} skipped`],
  ];
}

function indented(rows: readonly (readonly string[])[]): string {
  return table(rows).replace(/^/gm, '  ');
}
