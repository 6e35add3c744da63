import { setTimeout as sleep } from 'node:timers/promises';
import { METAFLOW_WORKFLOW, MftError, scheduleIdOf, type ScheduleOverlap } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { overlapPolicy } from '../deployment/times.js';
import { scheduleOff } from './change.js';
import { findSchedule, isOff, namesOf, runOf, type FoundSchedule, type ScheduledRun } from './describe.js';

/*
 * Runs of a schedule that somebody asks for.
 *
 * R1. Temporal names a run by its schedule and the second for which it was due, and starts a second one of that name once the first has
 *     ended; Metaflow's run would be the same. So no two are asked for one second.
 */

/** What became of a run that a schedule was asked for. */
export interface ScheduleTriggered {
  /** `skipped`: another one goes on; `waiting`: it begins once that has ended. */
  readonly outcome: 'started' | 'skipped' | 'waiting';
  readonly run?: ScheduledRun;
}

/** Milliseconds. */
const [POLL, PATIENCE, SETTLED] = [50, 10_000, 1_000];
/** Runs that one backfill may start. */
const MOST = 1_000;

/**
 * Start a run by a schedule, now, paused or not, and see it started.
 *
 * @param overlap - what happens where another run of the schedule goes on
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE`
 * @example
 * ```ts
 * const { run } = await triggerSchedule(client, 'HelloFlow', { overlap: 'skip' });
 * ```
 */
export async function triggerSchedule(
  client: Client,
  name: string,
  { overlap = 'allow-all' }: { readonly overlap?: ScheduleOverlap } = {},
): Promise<ScheduleTriggered> {
  const before = await findSchedule(client, name);
  const known = new Set(executionsOf(before));
  const last = before.description.info.recentActions.at(-1)?.takenAt.getTime() ?? 0;
  const second = Math.floor(last / 1000) + 1;
  // R1. Not longer than a second, whatever the server's clock shows.
  await sleep(Math.min(1000, Math.max(0, second * 1000 - Date.now())));
  await client.schedule.getHandle(scheduleIdOf(name)).trigger(overlapPolicy(overlap));
  const { numActionsSkippedOverlap: skipped } = before.description.info;
  for (const began = Date.now(); ; await sleep(POLL)) {
    const now = await findSchedule(client, name);
    const { info, raw } = now.description;
    const started = info.recentActions.findLast(({ action }) => !known.has(action.workflow.firstExecutionRunId));
    if (started !== undefined) return { outcome: 'started', run: runOf(now, started) };
    if (info.numActionsSkippedOverlap > skipped) return { outcome: 'skipped' };
    const waited = Date.now() - began;
    const buffered = Number(raw.info?.bufferSize ?? 0) > 0;
    if (waited > PATIENCE || (buffered && waited > SETTLED)) return { outcome: 'waiting' };
  }
}

/** What a backfill asks for. */
export interface BackfillOptions {
  readonly from: Date;
  readonly to: Date;
  /** What happens where runs would overlap. @defaultValue the schedule's own policy */
  readonly overlap?: ScheduleOverlap | undefined;
}

/** The runs of a backfill. */
export interface Backfilled {
  /** Those that Temporal was asked to start. They have no `startedAt` yet. */
  readonly runs: readonly Omit<ScheduledRun, 'startedAt' | 'status'>[];
  /** Those that had been started before, well ended or not. */
  readonly already: readonly Omit<ScheduledRun, 'startedAt' | 'status'>[];
}

/**
 * Start the runs that were due in a time that has passed, both ends included; those that were started at the time are left out.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, `NO_SCHEDULE`, `SCHEDULE_OFF`, `NOTHING_DUE`, `BACKFILL_TOO_LARGE`
 * @example
 * ```ts
 * const { runs } = await backfillSchedule(client, 'HelloFlow', { from: parseTime('2026-11-01'), to: new Date() });
 * ```
 */
export async function backfillSchedule(
  client: Client,
  name: string,
  { from, to, overlap }: BackfillOptions,
): Promise<Backfilled> {
  const found = await findSchedule(client, name);
  if (isOff(found)) throw scheduleOff(name, found.schedule.active === false);
  const { nextRuns } = await import('@mft/schedule');
  const { cron, timezone = 'UTC' } = found.schedule;
  const times = nextRuns(cron, { timezone, from: new Date(from.getTime() - 1), count: MOST + 1 });
  const due = times.filter((time) => time <= to);
  const [first, last] = [due[0], due.at(-1)];
  if (first === undefined || last === undefined) throw nothingDue(name, from, to);
  if (due.length > MOST) throw tooLarge(name, times[MOST - 1] ?? last);
  const started = await startedBetween(client, name, first, last);
  const runs = due.map((time) => {
    const id = `${found.description.action.workflowId}-${time.toISOString().replace('.000Z', 'Z')}`;
    return { ...namesOf(found.memo, id), scheduledAt: time.toISOString() };
  });
  const isMissing = runs.map(({ workflowId }) => !started.has(workflowId));
  const windows = windowsOf(due, isMissing).map((window) => ({
    ...window,
    ...(overlap === undefined ? {} : { overlap: overlapPolicy(overlap) }),
  }));
  if (windows.length > 0) await client.schedule.getHandle(scheduleIdOf(name)).backfill(windows);
  return { runs: runs.filter((_, i) => isMissing[i]), already: runs.filter((_, i) => !isMissing[i]) };
}

function executionsOf({ description }: FoundSchedule): string[] {
  return description.info.recentActions.map(({ action }) => action.workflow.firstExecutionRunId);
}

/** Neighbours that are missing, as windows that hold no other. Servers differ in whether a window's beginning belongs to it. */
function windowsOf(due: readonly Date[], isMissing: readonly boolean[]): { start: Date; end: Date }[] {
  const windows: { start: Date; end: Date }[] = [];
  for (const [i, time] of due.entries()) {
    const window = windows.at(-1);
    if (isMissing[i] !== true) continue;
    if (window !== undefined && isMissing[i - 1] === true) window.end = time;
    else windows.push({ start: new Date(time.getTime() - 1), end: time });
  }
  return windows;
}

/** Workflow ids of the runs that the schedule started for these times. */
async function startedBetween(client: Client, name: string, first: Date, last: Date): Promise<Set<string>> {
  const ids = new Set<string>();
  // Databases differ in whether the ends belong to it.
  const [from, to] = [new Date(first.getTime() - 1000), new Date(last.getTime() + 1000)];
  const query = [
    `WorkflowType = "${METAFLOW_WORKFLOW}" AND TemporalScheduledById = "${scheduleIdOf(name)}"`,
    `TemporalScheduledStartTime BETWEEN "${from.toISOString()}" AND "${to.toISOString()}"`,
  ].join(' AND ');
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 100 })) ids.add(workflowId);
  return ids;
}

function nothingDue(name: string, from: Date, to: Date): MftError {
  return new MftError(
    'NOTHING_DUE',
    `The schedule of "${name}" has no run due from ${from.toISOString()} to ${to.toISOString()}.`,
    { hint: `See when runs are due: mft schedule show ${name}` },
  );
}

function tooLarge(name: string, last: Date): MftError {
  return new MftError('BACKFILL_TOO_LARGE', `More than ${MOST} runs of "${name}" were due in that time.`, {
    hint: `Go in pieces; the first may end at ${last.toISOString()}.`,
  });
}
