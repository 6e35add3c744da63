import { schedulePolicies, type FlowConfig, type ScheduleOverlap } from '@mft/graph';
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
