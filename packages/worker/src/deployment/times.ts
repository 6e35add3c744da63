import { MftError, schedulePolicies, type FlowConfig, type ScheduleOverlap } from '@mft/graph';
import type { ScheduleOptions, ScheduleOverlapPolicy } from '@temporalio/client';

/** When the runs of a record are due, and what happens then. */
export type ScheduleTimes = Pick<ScheduleOptions, 'spec' | 'policies'>;

const OVERLAPS: Readonly<Record<ScheduleOverlap, ScheduleOverlapPolicy>> = {
  'allow-all': 'ALLOW_ALL',
  skip: 'SKIP',
  'buffer-one': 'BUFFER_ONE',
  'buffer-all': 'BUFFER_ALL',
  'cancel-other': 'CANCEL_OTHER',
  'terminate-other': 'TERMINATE_OTHER',
};

/**
 * A policy as Temporal calls it.
 *
 * @example
 * ```ts
 * overlapPolicy('buffer-one'); // 'BUFFER_ONE'
 * ```
 */
export function overlapPolicy(overlap: ScheduleOverlap): ScheduleOverlapPolicy {
  return OVERLAPS[overlap];
}

/**
 * When the runs of a deployment are due, for Temporal: never where its flow has no `@schedule`, or where that is not active.
 *
 * @throws ScheduleError `INVALID_CRON`, `IMPOSSIBLE_CRON`, `INVALID_TIMEZONE`
 * @example
 * ```ts
 * const { spec, policies } = await timesOf(config);
 * ```
 */
export async function timesOf({ schedule }: FlowConfig): Promise<ScheduleTimes> {
  // It runs only when triggered.
  if (schedule === undefined) return { spec: {} };
  const { cron, timezone, active = true } = schedule;
  const { overlap, catchup, jitter, pauseOnFailure } = schedulePolicies(schedule);
  const policies = { overlap: overlapPolicy(overlap), catchupWindow: catchup * 1000, pauseOnFailure };
  if (!active) return { spec: {}, policies };
  const { toScheduleSpec } = await import('@mft/schedule');
  const spec = toScheduleSpec(cron, timezone === undefined ? {} : { timezone });
  return { spec: jitter === 0 ? spec : { ...spec, jitter: jitter * 1000 }, policies };
}

/**
 * What a server's refusal of a record's times means: it reads zones from files of its own. Any other error stays as it is.
 *
 * @example
 * ```ts
 * throw timesRefused(config, error);
 * ```
 */
export function timesRefused({ name, schedule }: FlowConfig, error: unknown): unknown {
  // As Temporal's client tells what is wrong with a schedule's times.
  if (!(error instanceof TypeError) || schedule === undefined) return error;
  const { cron, timezone = 'UTC' } = schedule;
  return new MftError(
    'SCHEDULE_REFUSED',
    `The Temporal server refuses the schedule of ${name}, ${cron} (${timezone}): ${error.message}.`,
    { hint: 'Write the zone by its present IANA name, as "America/Los_Angeles".', exitCode: 1, cause: error },
  );
}
