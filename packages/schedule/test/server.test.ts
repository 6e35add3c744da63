import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextRuns, toScheduleSpec, upsertSchedule } from '@mft/schedule';
import { temporalBinary } from '@mft/testing';
import { TABLE } from './fixtures/table.js';

let env: TestWorkflowEnvironment;
const action = { type: 'startWorkflow', workflowType: 'Report', taskQueue: 'reports' } as const;

beforeAll(async () => {
  env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      log: { level: 'error', format: 'pretty' },
    },
  });
}, 120_000);

afterAll(async () => {
  await env.teardown();
});

describe('a real server', () => {
  it.each(TABLE)('has the same next times for $cron $timezone', async ({ cron, timezone = 'UTC' }) => {
    const handle = await env.client.schedule.create({
      scheduleId: `${cron} ${timezone}`,
      spec: toScheduleSpec(cron, { timezone }),
      action,
      state: { paused: true },
    });
    const before = new Date();
    const { info } = await handle.describe();
    const after = new Date();
    const count = info.nextActionTimes.length;
    expect(count).toBeGreaterThan(0);
    const either = [before, after].map((from) => nextRuns(cron, { timezone, from, count }));
    expect(either).toContainEqual(info.nextActionTimes);
    await handle.delete();
  });

  it('agrees but for the inside of a repeated hour, of which Temporal leaves out a part', async () => {
    const [cron, timezone] = ['*/30 1-3 ? 3,10 1L *', 'Europe/Berlin'];
    const spec = toScheduleSpec(cron, { timezone });
    const handle = await env.client.schedule.create({
      scheduleId: 'half-hours',
      spec,
      action,
      state: { paused: true },
    });
    const { info } = await handle.describe();
    const isRepeated = (time: Date) => timeIn(time, timezone).startsWith('02') && time.getUTCMonth() === 9;
    const theirs = info.nextActionTimes.filter((time) => !isRepeated(time));
    const ours = nextRuns(cron, { timezone, count: 30 }).filter((time) => !isRepeated(time));
    expect(theirs.length).toBeGreaterThan(4);
    expect(theirs).toEqual(ours.slice(0, theirs.length));
    await handle.delete();
  });
});

function timeIn(time: Date, timeZone: string): string {
  return time.toLocaleTimeString('en-GB', { timeZone });
}

describe('upsertSchedule', () => {
  it('creates, updates, and leaves a pause and its note alone', async () => {
    const options = { scheduleId: 'report', spec: toScheduleSpec('@daily'), action };
    const created = await upsertSchedule(env.client, { ...options, memo: { by: 'first' } });
    expect(created.outcome).toBe('created');
    await created.handle.pause('on holiday');

    const spec = toScheduleSpec('0 6 * * ? *', { timezone: 'Europe/Berlin' });
    const updated = await upsertSchedule(env.client, {
      ...options,
      spec,
      action: { ...action, memo: { hash: 'abc' } },
      policies: { overlap: 'BUFFER_ONE' },
      memo: { by: 'second' },
    });
    expect(updated.outcome).toBe('updated');
    const now = await updated.handle.describe();
    expect(now.state).toMatchObject({ paused: true, note: 'on holiday' });
    expect(now.spec.timezone).toBe('Europe/Berlin');
    expect(now.spec.calendars?.[0]?.hour).toEqual([{ start: 6, end: 6, step: 1 }]);
    expect(now.policies.overlap).toBe('BUFFER_ONE');
    expect(now.action).toMatchObject({ memo: { hash: 'abc' } });
    expect(now.memo).toEqual({ by: 'first' });
  });

  it('leaves alone what it is told to keep', async () => {
    const options = { scheduleId: 'kept', spec: toScheduleSpec('@daily'), action: { ...action, memo: { built: 2 } } };
    await upsertSchedule(env.client, options);
    const older = { ...options, spec: {}, action: { ...action, memo: { built: 1 } } };
    const { outcome, handle } = await upsertSchedule(env.client, older, {
      keep: (current) => Number(current.action.memo?.built) > 1,
    });
    expect(outcome).toBe('kept');
    expect((await handle.describe()).action.memo).toEqual({ built: 2 });
  });

  it('takes an empty spec: a schedule that runs only when triggered', async () => {
    const { handle } = await upsertSchedule(env.client, { scheduleId: 'manual', spec: {}, action });
    expect((await handle.describe()).info.nextActionTimes).toEqual([]);
  });

  it("runs as the README's program does", () => {
    const folder = fileURLToPath(new URL('..', import.meta.url));
    const blocks = [...readFileSync(`${folder}/README.md`, 'utf8').matchAll(/```js\n([\s\S]+?)```/g)];
    const example = blocks.map(([, block = '']) => block).find((block) => block.includes('upsertSchedule')) ?? '';
    const run = () =>
      spawnSync(process.execPath, ['--input-type=module', '-'], {
        cwd: folder,
        input: example.replace('127.0.0.1:7233', env.address).replace("'report'", "'from-readme'"),
        encoding: 'utf8',
      });
    expect(run()).toMatchObject({ stderr: '', stdout: 'created\n10\n' });
    expect(run()).toMatchObject({ stderr: '', stdout: 'updated\n10\n' });
  });

  it('does not hide other errors', async () => {
    const bad = { scheduleId: '', spec: {}, action };
    await expect(upsertSchedule(env.client, bad)).rejects.toThrow();
  });
});
