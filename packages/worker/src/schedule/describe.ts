import { MftError, runIdOf, schedulePolicies, type FlowSchedule, type SchedulePolicies } from '@mft/graph';
import type { Client, ScheduleDescription as TemporalDescription, ScheduleExecutionResult } from '@temporalio/client';
import { notFound } from '../deployment/errors.js';
import { readEach } from '../deployment/many.js';
import { deploymentNames } from '../deployment/names.js';
import type { DeploymentMemo } from '../deployment/packing.js';
import { describeRecord } from '../deployment/record.js';
import { findRun } from '../run/find.js';
import { settleStatus, summaryOf, type RunSummary } from '../run/summary.js';

/*
 * The schedule of a deployment, which is its record: what the flow's @schedule says, and what Temporal makes of it.
 *
 * S1. A deployment whose flow has no @schedule has no schedule, whatever its record is in Temporal.
 * S2. When runs are due is Temporal's own answer.
 */

/** A schedule in a few words. Times are ISO 8601, UTC. */
export interface ScheduleSummary {
  /** Name of the deployment. */
  readonly name: string;
  readonly flow: string;
  /** As in the flow's `@schedule`. */
  readonly cron: string;
  readonly timezone: string;
  /** `off`: no run is due, ever; see `offBy`. */
  readonly state: 'active' | 'paused' | 'off';
  /** Who turned it off: `create` made a deployment that does not follow it, or `delete` took it off since. */
  readonly offBy?: 'create' | 'delete';
  /** Why it is paused, and other remarks. */
  readonly note?: string;
  /** When the next run is due; absent where none is. A paused schedule lets it pass. */
  readonly next?: string;
}

/** A run that a schedule started. */
export interface ScheduledRun {
  readonly workflowId: string;
  readonly runId: string;
  /** `Flow/run` */
  readonly pathspec: string;
  /** When it was due. */
  readonly scheduledAt: string;
  readonly startedAt: string;
  /** Absent where the server does not know the run any more. */
  readonly status?: RunSummary['status'];
}

/** All of a schedule. */
export interface ScheduleDescription extends ScheduleSummary {
  readonly policies: Required<SchedulePolicies>;
  /** The next times, ten at most. */
  readonly nextTimes: readonly string[];
  /** The runs that it started last, ten at most, the newest first. */
  readonly recent: readonly ScheduledRun[];
  readonly counts: {
    /** Runs that it started. */
    readonly started: number;
    /** Runs that were due longer ago than it catches up with, when the server could start them. */
    readonly missed: number;
    /** Runs that were left out since another one went on. */
    readonly skipped: number;
  };
}

/** A schedule as it stands on the server. */
export interface FoundSchedule {
  readonly description: TemporalDescription;
  readonly memo: DeploymentMemo;
  readonly schedule: FlowSchedule;
}

/**
 * Look the schedule of a deployment up.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE` where its flow has none
 */
export async function findSchedule(client: Client, name: string): Promise<FoundSchedule> {
  const found = await describeRecord(client, name);
  if (found === undefined) throw await notFound(client, name);
  const { schedule } = found.memo;
  if (schedule !== undefined) return { ...found, schedule };
  throw new MftError('NO_SCHEDULE', `The flow of the deployment "${name}" has no @schedule.`, {
    hint: `Start a run with "mft trigger ${name}", or decorate the flow and deploy it again.`,
    exitCode: 1,
  });
}

/**
 * All schedules of a namespace, sorted by the names of their deployments.
 *
 * @example
 * ```ts
 * for (const { name, state, next } of await listSchedules(client)) console.log(name, state, next);
 * ```
 */
export async function listSchedules(client: Client): Promise<ScheduleSummary[]> {
  const names = await deploymentNames(client);
  const records = await readEach(client, names, (name) => describeRecord(client, name));
  const found = records.flatMap((record) => {
    const schedule = record?.memo.schedule;
    return record === undefined || schedule === undefined ? [] : [summarize({ ...record, schedule })];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The schedule of a deployment in a few words.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE` where its flow has none
 * @example
 * ```ts
 * const { state, next } = await readSchedule(client, 'HelloFlow');
 * ```
 */
export async function readSchedule(client: Client, name: string): Promise<ScheduleSummary> {
  return summarize(await findSchedule(client, name));
}

/**
 * Describe the schedule of a deployment.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE` where its flow has none
 * @example
 * ```ts
 * const { nextTimes, recent } = await describeSchedule(client, 'HelloFlow');
 * ```
 */
export async function describeSchedule(client: Client, name: string): Promise<ScheduleDescription> {
  const found = await findSchedule(client, name);
  const { info } = found.description;
  const recent = await Promise.all(info.recentActions.map((one) => statusOf(client, runOf(found, one))));
  return {
    ...summarize(found),
    policies: schedulePolicies(found.schedule),
    nextTimes: info.nextActionTimes.map((time) => time.toISOString()),
    recent: recent.reverse(),
    counts: {
      started: info.numActionsTaken,
      missed: info.numActionsMissedCatchupWindow,
      skipped: info.numActionsSkippedOverlap,
    },
  };
}

/** Whether no run is ever due. */
export function isOff({ description: { spec } }: FoundSchedule): boolean {
  return (spec.calendars ?? []).length === 0 && (spec.intervals ?? []).length === 0;
}

/** A run that a schedule started, but for its status. */
export function runOf(
  { memo }: FoundSchedule,
  { action, scheduledAt, takenAt }: ScheduleExecutionResult,
): ScheduledRun {
  return {
    ...namesOf(memo, action.workflow.workflowId),
    scheduledAt: scheduledAt.toISOString(),
    startedAt: takenAt.toISOString(),
  };
}

/** All names of a run by its workflow id. */
export function namesOf(
  { flow }: DeploymentMemo,
  workflowId: string,
): Pick<ScheduledRun, 'workflowId' | 'runId' | 'pathspec'> {
  const runId = runIdOf(workflowId);
  return { workflowId, runId, pathspec: `${flow}/${runId}` };
}

function summarize(found: FoundSchedule): ScheduleSummary {
  const { description, memo, schedule } = found;
  const { state, info } = description;
  const off = isOff(found);
  const [next] = info.nextActionTimes;
  return {
    ...{ name: memo.deployment, flow: memo.flow, cron: schedule.cron, timezone: schedule.timezone ?? 'UTC' },
    state: off ? 'off' : state.paused ? 'paused' : 'active',
    ...(off ? { offBy: schedule.active === false ? 'create' : 'delete' } : {}),
    ...(state.note ? { note: state.note } : {}),
    ...(next === undefined ? {} : { next: next.toISOString() }),
  };
}

async function statusOf(client: Client, run: ScheduledRun): Promise<ScheduledRun> {
  try {
    const { status } = await settleStatus(client, summaryOf(await findRun(client, run.workflowId)));
    return { ...run, status };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'RUN_NOT_FOUND') return run;
    throw error;
  }
}
