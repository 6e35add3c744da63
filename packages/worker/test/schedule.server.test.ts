import { configHash } from '@mft/compiler';
import type { FlowConfig, FlowSchedule } from '@mft/graph';
import { nextRuns } from '@mft/schedule';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  backfillSchedule,
  deleteDeployment,
  deleteSchedule,
  describeSchedule,
  listDeployments,
  listSchedules,
  pauseSchedule,
  recordDeployment,
  scheduleIdOf,
  triggerSchedule,
  unpauseSchedule,
} from '../src/index.js';
import { config as plain } from './support/graphs.js';
import { startServer } from './support/server.js';

let server: TestWorkflowEnvironment;
let clock = Date.parse('2026-01-01T00:00:00Z');

beforeAll(async () => {
  server = await startServer();
}, 120_000);
afterAll(() => server.teardown());

/** Record a deployment, later than all before. */
async function record(name: string, schedule?: FlowSchedule, createdAt = new Date(++clock).toISOString()) {
  const config: FlowConfig = { ...plain, name, taskQueue: `metaflow-${name}`, ...(schedule && { schedule }) };
  return recordDeployment(server.client, config, { hash: configHash(config), createdAt, listed: true });
}

const handleOf = (name: string) => server.client.schedule.getHandle(scheduleIdOf(name));
const stateOf = async (name: string) => (await describeSchedule(server.client, name)).state;
const daily = { cron: '0 6 * * ? *', timezone: 'Europe/Berlin' };

describe('the schedule of a record', () => {
  it('is due when @schedule says, and overlaps and catches up as under Argo Workflows', async () => {
    await record('Daily', daily);
    const { spec, policies, info } = await handleOf('Daily').describe();
    expect(info.nextActionTimes).toEqual(nextRuns(daily.cron, daily));
    expect(spec.jitter ?? 0).toBe(0);
    expect(policies).toEqual({ overlap: 'ALLOW_ALL', catchupWindow: 3_540_000, pauseOnFailure: false });
    expect(await describeSchedule(server.client, 'Daily')).toEqual({
      ...{ name: 'Daily', flow: 'HelloFlow', ...daily, state: 'active' },
      next: nextRuns(daily.cron, daily)[0]?.toISOString(),
      nextTimes: nextRuns(daily.cron, daily).map((time) => time.toISOString()),
      policies: { overlap: 'allow-all', catchup: 3540, jitter: 0, pauseOnFailure: false },
      recent: [],
      counts: { started: 0, missed: 0, skipped: 0 },
    });
  });

  it('has the policies of the deployment', async () => {
    await record('Policies', { ...daily, overlap: 'buffer-one', catchup: 60, jitter: 300, pauseOnFailure: true });
    const { spec, policies } = await handleOf('Policies').describe();
    expect(spec.jitter).toBe(300_000);
    expect(policies).toEqual({ overlap: 'BUFFER_ONE', catchupWindow: 60_000, pauseOnFailure: true });
    await record('Policies', daily);
    const then = await handleOf('Policies').describe();
    expect([then.spec.jitter ?? 0, then.policies.overlap]).toEqual([0, 'ALLOW_ALL']);
  });

  it('follows the decorator: changed, gone, back; a pause and its note stay', async () => {
    const { record: first } = await record('Changing', daily);
    await pauseSchedule(server.client, 'Changing', 'the source is being moved');
    await record('Changing', { cron: '@hourly' });
    expect((await handleOf('Changing').describe()).info.nextActionTimes).toEqual(nextRuns('@hourly'));
    await record('Changing');
    const gone = await handleOf('Changing').describe();
    expect([gone.spec.calendars ?? [], gone.info.nextActionTimes]).toEqual([[], []]);
    await expect(describeSchedule(server.client, 'Changing')).rejects.toMatchObject({ code: 'NO_SCHEDULE' });
    await record('Changing', { cron: '@weekly' });
    // An older version, by a worker that starts late.
    expect((await record('Changing', daily, first.createdAt)).outcome).toBe('kept');
    expect(await describeSchedule(server.client, 'Changing')).toMatchObject({
      ...{ cron: '@weekly', timezone: 'UTC', state: 'paused', note: 'the source is being moved' },
      next: nextRuns('@weekly')[0]?.toISOString(),
    });
    await unpauseSchedule(server.client, 'Changing', 'moved');
    expect(await describeSchedule(server.client, 'Changing')).toMatchObject({ state: 'active', note: 'moved' });
  });

  it('is off where the deployment is made so, and is listed all the same; others are not', async () => {
    await record('Mine', { ...daily, active: false });
    await record('Unscheduled');
    expect(await describeSchedule(server.client, 'Mine')).toMatchObject({
      state: 'off',
      offBy: 'create',
      nextTimes: [],
    });
    const names = (await listSchedules(server.client)).map(({ name, state }) => `${name} ${state}`);
    expect(names).toContain('Mine off');
    expect(names.join()).not.toContain('Unscheduled');
    expect((await listDeployments(server.client)).map(({ name }) => name)).toContain('Unscheduled');
    const off = { code: 'SCHEDULE_OFF', hint: expect.stringContaining('--schedule') as string };
    await expect(deleteSchedule(server.client, 'Mine')).rejects.toMatchObject(off);
    await expect(backfill('Mine', 1)).rejects.toMatchObject(off);
  });

  it('deleted stays off until a newer version is recorded', async () => {
    const { record: first } = await record('Deleted', daily);
    await deleteSchedule(server.client, 'Deleted');
    expect(await describeSchedule(server.client, 'Deleted')).toMatchObject({ state: 'off', offBy: 'delete' });
    await expect(deleteSchedule(server.client, 'Deleted')).rejects.toMatchObject({ code: 'SCHEDULE_OFF', exitCode: 1 });
    expect((await record('Deleted', daily, first.createdAt)).outcome).toBe('kept');
    expect(await stateOf('Deleted')).toBe('off');
    expect((await listDeployments(server.client)).map(({ name }) => name)).toContain('Deleted');
    await record('Deleted', daily);
    expect(await stateOf('Deleted')).toBe('active');
  });

  it('is gone with the deployment', async () => {
    await record('Gone', daily);
    await deleteDeployment(server.client, 'Gone');
    await expect(handleOf('Gone').describe()).rejects.toThrow('not found');
    await expect(pauseSchedule(server.client, 'Gone')).rejects.toMatchObject({ code: 'DEPLOYMENT_NOT_FOUND' });
  });

  it('that no calendar has leaves the record as it was', async () => {
    await record('Broken', daily);
    await expect(record('Broken', { cron: '0 25 * * *' })).rejects.toMatchObject({ code: 'INVALID_CRON' });
    expect((await describeSchedule(server.client, 'Broken')).cron).toBe(daily.cron);
  });

  it('in a zone by a name that the server does not have is refused, the record as it was', async () => {
    await record('Elsewhere', daily);
    await expect(record('Elsewhere', { cron: '@daily', timezone: 'us/pacific' })).rejects.toMatchObject({
      code: 'SCHEDULE_REFUSED',
      message: expect.stringContaining('unknown time zone us/pacific') as string,
    });
    expect((await describeSchedule(server.client, 'Elsewhere')).cron).toBe(daily.cron);
  });

  it('a new deployment is listed at once', async () => {
    for (let i = 0; i < 3; i++) {
      await record(`Listed-${i}`);
      expect((await listDeployments(server.client)).map(({ name }) => name)).toContain(`Listed-${i}`);
    }
  });
});

/** Backfill the last `hours` of an hourly schedule. */
function backfill(name: string, hours: number) {
  const to = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000);
  return backfillSchedule(server.client, name, { from: new Date(to.getTime() - (hours - 1) * 3_600_000), to });
}

describe('runs of a schedule', () => {
  it('are started on demand, paused or not, each with an id of its own', async () => {
    await record('Asked', daily);
    await pauseSchedule(server.client, 'Asked');
    const runs = [await triggerSchedule(server.client, 'Asked'), await triggerSchedule(server.client, 'Asked')];
    expect(runs.map(({ outcome }) => outcome)).toEqual(['started', 'started']);
    expect(new Set(runs.map(({ run }) => run?.runId)).size).toBe(2);
    const { recent, counts } = await describeSchedule(server.client, 'Asked');
    expect(recent.map(({ runId }) => runId)).toEqual(runs.map(({ run }) => run?.runId).reverse());
    expect(recent[0]).toMatchObject({
      workflowId: expect.stringMatching(/^Asked-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      pathspec: `HelloFlow/${recent[0]?.runId}`,
      status: 'running',
    });
    expect(counts).toEqual({ started: 2, missed: 0, skipped: 0 });
  });

  it('are skipped or wait where another goes on, as asked', async () => {
    await record('Overlapping', daily);
    const ask = (overlap: 'skip' | 'buffer-one') => triggerSchedule(server.client, 'Overlapping', { overlap });
    const { outcome, run } = await ask('skip');
    expect(outcome).toBe('started');
    expect(await ask('skip')).toEqual({ outcome: 'skipped' });
    expect(await ask('buffer-one')).toEqual({ outcome: 'waiting' });
    expect((await describeSchedule(server.client, 'Overlapping')).counts).toMatchObject({ started: 1, skipped: 1 });
    await server.client.workflow.getHandle(run!.workflowId).terminate('enough');
    await expect
      .poll(async () => (await describeSchedule(server.client, 'Overlapping')).counts.started, { timeout: 10_000 })
      .toBe(2);
    const [waited, first] = (await describeSchedule(server.client, 'Overlapping')).recent;
    expect([waited?.status, first?.status]).toEqual(['running', 'terminated']);
  });

  it('of a time that has passed are started once, however often it is asked for', async () => {
    await record('Hourly', { cron: '@hourly' });
    const first = await backfill('Hourly', 2);
    expect([first.runs.length, first.already]).toEqual([2, []]);
    const started = async () => (await describeSchedule(server.client, 'Hourly')).counts.started;
    await expect.poll(started, { timeout: 10_000 }).toBe(2);
    const query = `TemporalScheduledById = "${scheduleIdOf('Hourly')}"`;
    await expect.poll(async () => (await server.client.workflow.count(query)).count, { timeout: 10_000 }).toBe(2);
    const second = await backfill('Hourly', 5);
    expect(second.already).toEqual(first.runs);
    expect(second.runs).toHaveLength(3);
    await expect.poll(started, { timeout: 10_000 }).toBe(5);
    const { recent } = await describeSchedule(server.client, 'Hourly');
    expect(new Set(recent.map(({ workflowId }) => workflowId))).toEqual(
      new Set([...first.runs, ...second.runs].map(({ workflowId }) => workflowId)),
    );
    expect(recent.map(({ scheduledAt }) => scheduledAt).sort()).toEqual(
      [...first.runs, ...second.runs].map(({ scheduledAt }) => scheduledAt).sort(),
    );
  });

  it('are refused for a time in which none was due, and for one in which too many were', async () => {
    await record('Minutely', { cron: '* * * * *' });
    const to = new Date();
    const from = (minutes: number) => new Date(to.getTime() - minutes * 60_000);
    const none = { from: new Date('2026-01-01T00:00:01Z'), to: new Date('2026-01-01T00:00:59Z') };
    await expect(backfillSchedule(server.client, 'Minutely', none)).rejects.toMatchObject({ code: 'NOTHING_DUE' });
    await expect(backfillSchedule(server.client, 'Minutely', { from: from(2000), to })).rejects.toMatchObject({
      code: 'BACKFILL_TOO_LARGE',
    });
  });
});
