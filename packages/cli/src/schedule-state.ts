import type { FlowSchedule } from '@mft/graph';
import type { ScheduleSummary } from '@mft/worker';
import { localTime } from './table.js';

/**
 * How a schedule stands, in words.
 *
 * @example
 * ```ts
 * scheduleState({ ...schedule, state: 'paused', note: 'on holiday' }); // 'paused: on holiday'
 * ```
 */
export function scheduleState({ state, offBy, note }: Pick<ScheduleSummary, 'state' | 'offBy' | 'note'>): string {
  if (state === 'paused') return `paused${note === undefined ? '' : `: ${note}`}`;
  if (state === 'active') return 'active';
  return offBy === 'create'
    ? "off: deployed without it, as a user's branch is unless with --schedule"
    : 'off: taken off; "mft create" brings it back';
}

/**
 * What `mft create` tells of a schedule: whether it is active, and when a run is due next.
 *
 * @param recorded - as it stands on the server, where the deployment is recorded
 *
 * @example
 * ```ts
 * scheduleLine({ cron: '@daily', active: false }); // "@daily (UTC), off: …"
 * ```
 */
export function scheduleLine({ cron, timezone = 'UTC', active }: FlowSchedule, recorded?: ScheduleSummary): string {
  const what = `${cron} (${timezone})`;
  if (active === false) return `${what}, ${scheduleState({ state: 'off', offBy: 'create' })}`;
  if (recorded === undefined) return `${what}, once the deployment is recorded`;
  if (recorded.state !== 'active') return `${what}, ${scheduleState(recorded)}`;
  return `${what}, ${recorded.next === undefined ? 'never due again' : `next at ${localTime(recorded.next)} here`}`;
}

/**
 * The same for a program.
 *
 * @example
 * ```ts
 * scheduleJson({ cron: '@daily' }, summary); // { cron: '@daily', timezone: 'UTC', state: 'active', next: '2026-12-01T00:00:00.000Z' }
 * ```
 */
export function scheduleJson(schedule: FlowSchedule, recorded?: ScheduleSummary): Record<string, unknown> {
  const { cron, timezone = 'UTC', active } = schedule;
  // Not on record yet: what becomes of it then is the only thing to say.
  const { state = active === false ? 'off' : 'active', note, next } = recorded ?? {};
  return { cron, timezone, state, ...(note === undefined ? {} : { note }), ...(next === undefined ? {} : { next }) };
}
