import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, refusal, workplace } from './support/flows.js';

const place = workplace();
const times = (cron: string, zone: string | null = null) => ['--config-value', 'times', JSON.stringify({ cron, zone })];
/** A folder without a datastore yet. */
const folder = () => mkdtemp(join(place.path, 'at-'));

test('is what a Config and a mutator say, with the options of the deployment', async () => {
  const berlin = { cron: '0 6 ? * MON-FRI *', timezone: 'Europe/Berlin' };
  expect((await compile(place.path, 'scheduled.py')).schedule).toEqual(berlin);
  const policies = { overlap: 'skip', catchup: 60, jitter: 30, pauseOnFailure: true } as const;
  expect((await compile(place.path, 'scheduled.py', { schedule: policies })).schedule).toEqual({
    ...berlin,
    ...policies,
  });
  expect((await compile(place.path, 'scheduled_by_mutator.py')).schedule).toEqual({ cron: '0 2 * * *' });
});

test.each([
  [[], undefined, false],
  [['--branch', 'staging'], undefined, undefined],
  [['--production'], undefined, undefined],
  [['--production'], false, false],
  [[], true, undefined],
])('of a project with %o and asked for %s: active is %s', async (options, asked, active) => {
  const schedule = asked === undefined ? {} : { schedule: { active: asked } };
  expect((await compile(place.path, 'project.py', { options, ...schedule })).schedule?.active).toBe(active);
});

test.each([
  ['0 25 * * *', null, 'INVALID_CRON', 'hour 25 is not within 0-23'],
  ['0 0 30 2 ? *', null, 'IMPOSSIBLE_CRON', 'a day that no calendar has'],
  ['@daily', 'Europe/Atlantis', 'INVALID_TIMEZONE', '"Europe/Atlantis"'],
])('%s in %s is refused before anything is saved, and where nothing would be', async (cron, zone, code, says) => {
  for (const savePackage of [false, true]) {
    const cwd = await folder();
    const vars = { METAFLOW_DATASTORE_SYSROOT_LOCAL: cwd };
    await expect(compile(cwd, 'scheduled.py', { options: times(cron, zone), savePackage, vars })).rejects.toMatchObject(
      {
        name: 'MftError',
        code,
        message: expect.stringContaining(says) as string,
      },
    );
    expect(existsSync(join(cwd, '.metaflow', 'ScheduledFlow'))).toBe(false);
  }
});

test('a parameter that a schedule could not give is refused, where the schedule is to start runs', async () => {
  const cwd = await folder();
  const vars = { METAFLOW_DATASTORE_SYSROOT_LOCAL: cwd };
  const refused = await refusal(compile(cwd, 'scheduled_by_mutator.py', { savePackage: true, vars }));
  expect([refused.code, refused.message]).toEqual(['MISSING_PARAMETER', expect.stringContaining('"day"')]);
  expect(existsSync(join(cwd, '.metaflow', 'MutatedFlow'))).toBe(false);
  const off = { savePackage: true, vars, schedule: { active: false } };
  expect((await compile(cwd, 'scheduled_by_mutator.py', off)).schedule?.active).toBe(false);
});

test('a pause after a failure is refused where runs may overlap: Temporal would not do it', async () => {
  const refused = await refusal(compile(place.path, 'scheduled.py', { schedule: { pauseOnFailure: true } }));
  expect([refused.code, refused.hint]).toEqual(['CONFLICTING_OPTIONS', expect.stringContaining('buffer-all')]);
});

test('options without a schedule are refused before anything is saved', async () => {
  const cwd = await folder();
  const vars = { METAFLOW_DATASTORE_SYSROOT_LOCAL: cwd };
  const refused = await refusal(compile(cwd, 'linear.py', { savePackage: true, vars, schedule: { overlap: 'skip' } }));
  expect([refused.code, refused.hint]).toEqual(['NO_SCHEDULE', expect.stringContaining('@schedule')]);
  expect(existsSync(join(cwd, '.metaflow', 'LinearFlow'))).toBe(false);
});
