import type { FlowConfig } from '@mft/graph';

/**
 * Refuse a deployment whose events could not be joined later on: `reset_at` of its `@trigger` names no time.
 *
 * @throws ScheduleError of `@mft/schedule`: `INVALID_CRON`, `IMPOSSIBLE_CRON`, `INVALID_TIMEZONE`
 * @example
 * ```ts
 * await checkTriggers(config);
 * ```
 */
export async function checkTriggers({ triggers }: Pick<FlowConfig, 'triggers'>): Promise<void> {
  if (triggers?.resetAt === undefined) return;
  const { nextRuns } = await import('@mft/schedule');
  const { cron, timezone = 'UTC' } = triggers.resetAt;
  nextRuns(cron, { timezone, count: 1 });
}
