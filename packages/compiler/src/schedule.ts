import { MftError, schedulePolicies } from '@mft/graph';
import type { FlowSchedule, SchedulePolicies } from '@mft/graph';
import type { Introspection, Question } from './introspection.js';

/** How a deployment follows its flow's `@schedule`. */
export interface ScheduleOptions extends SchedulePolicies {
  /** Start runs at the times of `@schedule`. @defaultValue true, but false for a user's branch of a `@project` */
  readonly active?: boolean;
}

/**
 * The schedule of a deployment.
 *
 * @param found - as Metaflow writes it
 * @param project - a user's branch starts nothing by itself unless asked to
 * @example
 * ```ts
 * scheduleOf({ cron: '0 0 * * ? *' }, undefined, { overlap: 'skip' }); // { cron: '0 0 * * ? *', overlap: 'skip' }
 * ```
 */
export function scheduleOf(
  found: NonNullable<Introspection['schedule']>,
  project: Introspection['project'],
  { active = project?.userBranch !== true, overlap, catchup, jitter, pauseOnFailure }: ScheduleOptions = {},
): FlowSchedule {
  return {
    ...found,
    ...(active ? {} : { active }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(catchup === undefined ? {} : { catchup }),
    ...(jitter === undefined ? {} : { jitter }),
    ...(pauseOnFailure === undefined ? {} : { pauseOnFailure }),
  };
}

/**
 * Refuse a schedule that no calendar has, and one that could not start a run.
 *
 * @throws ScheduleError `INVALID_CRON`, `IMPOSSIBLE_CRON`, `INVALID_TIMEZONE`
 * @throws MftError `NO_SCHEDULE` where options are given for a schedule that the flow does not have, `CONFLICTING_OPTIONS`,
 * `MISSING_PARAMETER`
 */
export async function checkSchedule(
  { schedule, project, parameters }: Question,
  { schedule: options, savePackage }: { readonly schedule?: ScheduleOptions; readonly savePackage?: boolean },
): Promise<void> {
  if (schedule === undefined) {
    if (options === undefined) return;
    throw new MftError('NO_SCHEDULE', 'Options of a schedule are given, but the flow has no @schedule.', {
      hint: 'Leave them out, or decorate the flow: @schedule(daily=True)',
    });
  }
  const { overlap, pauseOnFailure } = schedulePolicies(options ?? {});
  if (pauseOnFailure && overlap === 'allow-all') {
    // Temporal follows runs that may overlap no further, as a server shows: they never pause the schedule.
    throw new MftError('CONFLICTING_OPTIONS', 'A schedule whose runs may overlap is not paused by one that fails.', {
      hint: 'Choose what a run that is due does while another goes on: --schedule-overlap buffer-all, for example',
    });
  }
  // Loaded for flows with a schedule alone.
  const { toScheduleSpec } = await import('@mft/schedule');
  const { cron, timezone } = schedule;
  toScheduleSpec(cron, timezone === undefined ? {} : { timezone });
  // A run by hand may be given what it needs.
  if (!savePackage || scheduleOf(schedule, project, options).active === false) return;
  const missing = parameters.find(({ required }) => required);
  if (missing === undefined) return;
  throw new MftError(
    'MISSING_PARAMETER',
    `The parameter "${missing.name}" is required and has no default: a schedule could start no run.`,
    { hint: 'Give it a default, or deploy without the schedule: mft create FLOW.py --no-schedule' },
  );
}
