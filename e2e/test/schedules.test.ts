import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeSchedule, scheduleIdOf } from '@mft/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, mft, run, until } from '../lib/process.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { ask, EXAMPLES, useBench } from './support.js';

/** Deployments that start runs by themselves, and what can be done with their schedules. */

const bench = useBench({ PYTHONPATH: extensionPath(), MFT_CLI: MFT });
const at = { cwd: bench.directory, env: bench.env };
const REPORT = path.join(EXAMPLES, 'daily_report.py');
const TIMELY = path.join(bench.directory, 'scheduled.py');

interface Run {
  readonly runId: string;
  readonly workflowId: string;
  readonly pathspec: string;
  readonly status: string;
}

/** The object that a command prints with `--json`. */
async function told(...args: string[]) {
  const { stdout, stderr } = await mft([...args, '--json'], at);
  const answer = lastJson(stdout);
  if (answer === undefined) throw new Error(`${stdout}\n${stderr}`);
  return answer as unknown as Record<string, unknown> & { error?: { code: string; hint: string } };
}

const schedule = async (name: string) => (await told('schedule', 'show', name)) as Record<string, unknown>;
const refused = async (...args: string[]) => (await told(...args)).error?.code;

/** The runs of a schedule, once so many have ended. */
const ended = (name: string, count: number) =>
  until(
    async () => {
      const { recent } = await describeSchedule(bench.client, name);
      const runs = recent.filter(({ status }) => status !== 'running');
      return runs.length >= count ? runs : undefined;
    },
    { timeout: 90_000, every: 300, what: `${count} runs of ${name}` },
  );

/** Deploy the fixture under a name of its own. */
const deploy = (name: string, how: object, ...options: string[]) =>
  told('create', TIMELY, '--name', name, '--config-value', 'how', JSON.stringify(how), '-o', `${name}.mjs`, ...options);

beforeAll(async () => {
  cpSync(path.join(ROOT, 'e2e/fixtures/scheduled.py'), TIMELY);
  await createWorkerFile(REPORT, path.join(bench.directory, 'report.mjs'), at);
  const options = ['--production', '--tag', 'nightly', '--compensate-parallel', '2'];
  await Promise.all([
    deploy('plain', { nap: 0, fail: false }, ...options, '--schedule-overlap', 'skip'),
    deploy('late', { nap: 60, fail: false }, ...options, '--workflow-timeout', '8'),
  ]);
  await deploy(
    'failing',
    { nap: 0, fail: true },
    '--schedule',
    '--schedule-overlap',
    'skip',
    '--schedule-pause-on-failure',
  );
  const worker = bench.keep(
    await startWorker(MFT, {
      ...at,
      client: bench.client,
      taskQueue: '',
      wait: false,
      args: ['serve', '--max-workers', '4'],
    }),
  );
  for (const name of ['DailyReportFlow', 'plain', 'late', 'failing']) await said(worker, name);
}, 120_000);

describe('a schedule', () => {
  it('is told by create, listed and shown, in its zone and in the reader’s', async () => {
    const listed = (await told('schedule', 'list'))['schedules'] as { name: string; state: string }[];
    const own = ['DailyReportFlow', 'failing', 'late', 'plain'];
    expect(listed.filter(({ name }) => own.includes(name)).map(({ name, state }) => `${name} ${state}`)).toEqual(
      own.map((name) => `${name} active`),
    );
    const shown = await mft(['schedule', 'show', 'DailyReportFlow'], {
      ...at,
      env: { ...bench.env, TZ: 'Asia/Kathmandu' },
    });
    expect(shown.stdout).toMatch(
      /^DailyReportFlow\n {2}Schedule +0 6 \? \* MON-FRI \* \(Europe\/Berlin\)\n {2}State +active\n/,
    );
    const times = [...shown.stdout.matchAll(/^ {2}(Mon|Tue|Wed|Thu|Fri) (\S+) 06:00:00 {2}\1 \2 (09|10):45:00$/gm)];
    expect(times).toHaveLength(10);
  });

  it('starts a run that is found by every name, with the defaults of its deployment', async () => {
    // Another file's tests may have run the same example on this server.
    const earlier = ((await told('runs', '--deployment', 'DailyReportFlow'))['runs'] as Run[]).map(
      ({ runId }) => runId,
    );
    const { outcome, pathspec, runId, workflowId } = await told('schedule', 'trigger', 'DailyReportFlow');
    expect(outcome).toBe('started');
    expect(workflowId).toMatch(/^DailyReportFlow-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(runId).toBe(`temporal-${(workflowId as string).replaceAll(':', '_x3a_')}`);
    await ended('DailyReportFlow', 1);
    for (const name of [pathspec, runId, workflowId] as string[])
      expect(await told('status', name)).toMatchObject({
        status: 'completed',
        deployment: 'DailyReportFlow',
        pathspec,
      });
    const { runs } = await told('runs', '--deployment', 'DailyReportFlow');
    expect((runs as Run[]).filter((run) => !earlier.includes(run.runId))).toMatchObject([
      { status: 'completed', pathspec, workflowId },
    ]);
    expect((await mft(['logs', workflowId as string, 'end'], at)).stdout).toBe('[end] east: 120\n[end] south: 200');
    expect(await ask(bench, pathspec as string, '[run.successful, run.data.limit]')).toEqual([true, 100]);
  });

  it('starts the runs that were due in a time that has passed, none of them twice', async () => {
    const window = ['--from', '2024-11-18T06:00', '--to', '2024-11-21', '--overlap', 'buffer-all'];
    const first = await told('schedule', 'backfill', 'DailyReportFlow', ...window);
    expect((first['runs'] as Run[]).map(({ workflowId }) => workflowId)).toEqual(
      [18, 19, 20, 21].map((day) => `DailyReportFlow-2024-11-${day}T05:00:00Z`),
    );
    const runs = await ended('DailyReportFlow', 5);
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'completed'));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(5);
    const second = await told('schedule', 'backfill', 'DailyReportFlow', ...window);
    expect([second['runs'], (second['already'] as Run[]).length]).toEqual([[], 4]);
    expect(await refused('schedule', 'backfill', 'DailyReportFlow', '--from', '2024-11-23', '--to', '2024-11-24')).toBe(
      'NOTHING_DUE',
    );
    expect(await refused('schedule', 'backfill', 'DailyReportFlow')).toBe('MISSING_OPTION');
    expect(await refused('schedule', 'backfill', 'DailyReportFlow', '--from', 'noon')).toBe('INVALID_TIME');
    expect(await refused('schedule', 'backfill', 'DailyReportFlow', '--from', '2024-11-18', '--to', '2999-01-01')).toBe(
      'INVALID_OPTION',
    );
  });

  it('starts runs by itself, each with an id of its own, the tags and the deploy-time defaults', async () => {
    const handle = bench.client.schedule.getHandle(scheduleIdOf('plain'));
    // No cron is due within seconds.
    await handle.update((now) => ({ ...now, spec: { intervals: [{ every: '3s' }] } }));
    const runs = await ended('plain', 2);
    await mft(['schedule', 'pause', 'plain', '--note', 'enough'], at);
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'completed'));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(runs.length);
    const expression = '[run.data.made, "nightly" in run.tags, "project_branch:prod" in run.tags, run.data.booked]';
    for (const { pathspec } of runs.slice(0, 2))
      expect(await ask(bench, pathspec, expression)).toEqual(['made for TimelyFlow', true, true, ['a', 'b', 'c']]);
    expect(await schedule('plain')).toMatchObject({ state: 'paused', note: 'enough' });
  });

  it('starts runs that end in time, and are undone', async () => {
    await told('schedule', 'trigger', 'late');
    const [late] = await ended('late', 1);
    expect(await told('status', late!.runId)).toMatchObject({
      status: 'timed_out',
      error: { type: 'WorkflowTimeout' },
      compensation: { total: 3, failed: [] },
    });
  });

  it('pauses when a run fails, and goes on when told to', async () => {
    await told('schedule', 'trigger', 'failing', '--overlap', 'skip');
    const [failed] = await ended('failing', 1);
    expect(failed!.status).toBe('failed');
    await expect
      .poll(async () => (await describeSchedule(bench.client, 'failing')).state, { timeout: 20_000 })
      .toBe('paused');
    expect((await schedule('failing'))['note']).toContain('paused due to workflow failure');
    expect(await told('schedule', 'unpause', 'failing')).toEqual({ deployment: 'failing', paused: false });
    expect((await schedule('failing'))['state']).toBe('active');
  });

  it('is off once deleted, also when a worker of that version starts, and back with the next version', async () => {
    const name = 'kept';
    // The server is out of reach: the worker file records the deployment when it runs.
    const away = { ...at, env: { ...bench.env, TEMPORAL_ADDRESS: '127.0.0.1:1' } };
    const options = ['--name', name, '--production'];
    const created = await createWorkerFile(TIMELY, path.join(bench.directory, 'kept.mjs'), { ...away, options });
    expect(created.stdout).toContain('Schedule    0 * * * ? * (UTC), once the deployment is recorded');
    const start = async (recorded: boolean) => {
      const worker = await startWorker(path.join(bench.directory, 'kept.mjs'), {
        ...at,
        client: bench.client,
        taskQueue: 'metaflow-kept',
      });
      if (recorded) await said(worker, 'kept: recorded');
      await worker.stop();
    };
    await start(true);
    expect(await schedule(name)).toMatchObject({ state: 'active', cron: '0 * * * ? *' });
    await told('schedule', 'delete', name);
    await start(false);
    expect(await schedule(name)).toMatchObject({ state: 'off', offBy: 'delete' });
    expect(await refused('schedule', 'delete', name)).toBe('SCHEDULE_OFF');
    expect((await deploy(name, { nap: 0, fail: false }, '--production'))['schedule']).toMatchObject({
      state: 'active',
    });
  });

  it('is gone with the decorator', async () => {
    const bare = path.join(bench.directory, 'bare.py');
    writeFileSync(bare, readFileSync(TIMELY, 'utf8').replace('@schedule(hourly=True)\n', ''));
    await deploy('changing', { nap: 0, fail: false }, '--production');
    expect((await schedule('changing'))['state']).toBe('active');
    expect(await told('create', bare, '--production', '--name', 'changing', '-o', 'bare.mjs')).not.toHaveProperty(
      'schedule',
    );
    expect(await refused('schedule', 'show', 'changing')).toBe('NO_SCHEDULE');
    const { info } = await bench.client.schedule.getHandle(scheduleIdOf('changing')).describe();
    expect(info.nextActionTimes).toEqual([]);
    expect(await refused('create', bare, '--schedule')).toBe('NO_SCHEDULE');
  });
});

describe('branches of a project', () => {
  const create = async (...options: string[]) => {
    const { stdout, stderr, status } = await mft(['create', TIMELY, '-o', 'branch.mjs', ...options], at);
    expect(status, stderr).toBe(0);
    return /Schedule {4}.*/.exec(stdout)?.[0];
  };

  it('have a schedule each; a user’s only where asked for', async () => {
    expect(await create()).toMatch(/\(UTC\), off: .*--schedule$/);
    expect(await schedule('timely.user.tester.TimelyFlow')).toMatchObject({ state: 'off', offBy: 'create' });
    expect(await create('--schedule')).toMatch(/\(UTC\), next at 20\d\d-/);
    expect(await create('--branch', 'staging')).toMatch(/\(UTC\), next at /);
    expect(await create('--production', '--no-schedule')).toMatch(/\(UTC\), off: /);
    const schedules = (await told('schedule', 'list'))['schedules'] as { name: string; state: string }[];
    expect(
      schedules.filter(({ name }) => name.startsWith('timely.')).map(({ name, state }) => `${name} ${state}`),
    ).toEqual([
      'timely.prod.TimelyFlow off',
      'timely.test.staging.TimelyFlow active',
      'timely.user.tester.TimelyFlow active',
    ]);
    await told('delete', 'timely.test.staging.TimelyFlow');
    expect(await refused('schedule', 'show', 'timely.test.staging.TimelyFlow')).toBe('DEPLOYMENT_NOT_FOUND');
  });

  it('guard the schedule of production by its token', async () => {
    const python = (user: string, ...words: string[]) =>
      run(bench.env['METAFLOW_PYTHON']!, [TIMELY, '--no-pylint', '--production', 'temporal', ...words], {
        cwd: bench.directory,
        env: { ...bench.env, METAFLOW_USER: user, METAFLOW_HOME: path.join(bench.directory, user) },
      });
    const created = await python('tester', 'create', '--generate-new-token', '--schedule-overlap', 'skip', '--json');
    expect(created.status, created.stderr).toBe(0);
    for (const verb of ['pause', 'delete']) {
      const other = await python('eve', 'schedule', verb);
      expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('was deployed by')]);
    }
    // `mft` itself asks for the same.
    const name = (lastJson(created.stdout) as unknown as { name: string }).name;
    const eve = { cwd: bench.directory, env: { ...bench.env, METAFLOW_USER: 'eve' } };
    expect((await mft(['schedule', 'pause', name], eve)).stderr).toContain('INCORRECT_TOKEN');
    const { environment } = lastJson((await mft(['show', name, '--json'], eve)).stdout) as unknown as {
      environment: { METAFLOW_PRODUCTION_TOKEN: string };
    };
    const token = environment.METAFLOW_PRODUCTION_TOKEN;
    expect((await mft(['schedule', 'pause', name, '--authorize', token], eve)).status).toBe(0);
    const paused = await python('tester', 'schedule', 'pause', '--note', 'a b');
    expect(paused.status, paused.stderr).toBe(0);
    const shown = await python('eve', 'schedule', 'show', '--json');
    expect(lastJson(shown.stdout)).toMatchObject({ state: 'paused', note: 'a b', policies: { overlap: 'skip' } });
  });
});
