import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UNHURRIED } from '@mft/testing';
import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../src/main.js';
import { startServer, type LocalServer } from '../src/server/ensure.js';
import { isAlive } from '../src/server/process.js';
import { cleanEnv, fixture, mft, temporaryFolder } from './support/mft.js';

const SDK = dirname(dirname(dirname(createRequire(import.meta.url).resolve('@temporalio/worker/package.json'))));

let home: string;
let server: LocalServer;
let worker: ResultPromise | undefined;

interface Answer {
  readonly status: string;
  readonly pathspec: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly error: { readonly code: string; readonly hint: string };
  readonly [key: string]: unknown;
}

/** The object that a command prints with `--json`, and its exit status. Run in this process, which spares a second each time. */
async function told(...args: string[]): Promise<Answer & { exitCode: number }> {
  let stdout = '';
  const world = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => true },
    env: cleanEnv(home),
  };
  const exitCode = await main([...args, '--json'], world);
  return { ...(JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Answer), exitCode };
}

/** Start a run that stops in the tasks of its foreach until `open` is called. */
async function gated(name: string, ...args: string[]) {
  const gate = join(home, name);
  const run = await told('trigger', 'VerbsFlow', `gate=${gate}`, ...args);
  const pidOf = async (item: number) => Number(await readFile(`${gate}.${item}`, 'utf8').catch(() => 0));
  const reached = () =>
    expect.poll(async () => (await pidOf(0)) > 0 && (await pidOf(1)) > 0, { timeout: 40_000 }).toBe(true);
  return { ...run, pidOf, reached, open: () => writeFile(gate, '') };
}

const ended = (run: string) =>
  expect.poll(async () => (await told('status', run)).status, { timeout: 40_000, interval: 500 }).not.toBe('running');

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mft-verbs-'));
  server = await startServer({ env: cleanEnv(home) });
  const created = await mft(home, ['create', fixture('verbs.py')]);
  expect(created.stderr).toBe('');
}, 60_000);

afterAll(async () => {
  worker?.kill('SIGTERM');
  await worker?.catch(() => undefined);
  await server.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

describe('without a worker', () => {
  it('a run can be started, seen, and ended', async () => {
    expect(await told('list')).toMatchObject({
      deployments: [{ name: 'VerbsFlow', flow: 'VerbsFlow', taskQueue: 'metaflow-VerbsFlow', served: false }],
    });
    const { stdout, stderr, exitCode } = await mft(home, ['trigger', 'VerbsFlow', '--run-id-file', 'run-id']);
    expect(stderr).not.toContain('Error');
    expect(exitCode).toBe(0);
    const pathspec = String(stdout);
    expect(pathspec).toMatch(/^VerbsFlow\/temporal-VerbsFlow-[0-9a-z]{8}$/);
    expect(stderr).toContain('warning: no worker polls the task queue "metaflow-VerbsFlow"');
    expect(stderr).toContain('mft serve');
    const runId = await readFile(join(home, 'run-id'), 'utf8');
    expect(`VerbsFlow/${runId}`).toBe(pathspec);
    for (const name of [runId, pathspec, runId.replace('temporal-', ''), `${pathspec}/start`]) {
      expect(await told('status', name)).toMatchObject({
        ...{ status: 'running', pathspec, runId, deployment: 'VerbsFlow', polled: false, exitCode: 0 },
        startedAt: expect.stringMatching(/^20.*Z$/),
      });
    }
    expect((await mft(home, ['cancel', runId])).stderr).toContain('once one does');
    expect(await told('terminate', runId, '--reason', 'enough')).toMatchObject({ status: 'terminated', pathspec });
    expect(await told('status', runId)).toMatchObject({
      ...{ status: 'terminated', exitCode: 0 },
      endedAt: expect.any(String),
      error: { message: 'enough' },
    });
    const { exitCode: second, error } = await told('terminate', runId);
    expect([second, error.code]).toEqual([1, 'RUN_ENDED']);
  });
});

describe('with a worker', () => {
  beforeAll(async () => {
    worker = execa(process.execPath, [join(home, 'verbs_worker.mjs')], {
      cwd: home,
      extendEnv: false,
      reject: false,
      ...UNHURRIED,
      env: cleanEnv(home, { TEMPORAL_ADDRESS: server.address, MFT_SDK_PATH: SDK }),
    });
    worker.catch(() => undefined);
    for (let served = false; !served;) [{ served }] = (await told('list'))['deployments'] as [{ served: boolean }];
  }, 60_000);

  it('trigger --wait shows the run to its end; values of 200 KB come from a file, words win over it', async () => {
    await writeFile(join(home, 'p.json'), JSON.stringify({ text: 'ü'.repeat(200_000), fail: true }));
    const args = ['trigger', 'VerbsFlow', 'fail=no', '--params-file', 'p.json', '--wait', '--tag', 'blue'];
    const { stdout, exitCode } = await mft(home, args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('each: done, 2 tasks');
    const pathspec = /VerbsFlow\/\S+/.exec(String(stdout))![0];
    expect(stdout).toMatch(new RegExp(`${pathspec} completed\n +Read it: `));
    expect((await mft(home, ['logs', pathspec, 'start'])).stdout).toBe('[start] text of 200000');
  });

  it('trigger refuses before anything starts', async () => {
    const count = async () => ((await told('runs'))['runs'] as unknown[]).length;
    const before = await count();
    const refused = async (...args: string[]) => {
      const { status, runId, error, exitCode } = await told('trigger', ...args);
      expect({ status, runId }).toEqual({ status: 'failed', runId: null });
      return [exitCode, error.code, error.hint];
    };
    const file = join(home, 'bad.json');
    await writeFile(file, '{"fail": "perhaps"}');
    expect(await refused('verbsflow')).toEqual([1, 'DEPLOYMENT_NOT_FOUND', expect.stringContaining('"VerbsFlow"')]);
    expect(await refused('VerbsFlow', 'gat=1')).toEqual([2, 'UNKNOWN_PARAMETER', expect.stringContaining('"gate"')]);
    expect((await refused('VerbsFlow', 'fail=perhaps'))[1]).toBe('INVALID_PARAMETER');
    expect((await refused('VerbsFlow', '--params-file', file))[1]).toBe('INVALID_PARAMETER');
    const { exitCode, stderr } = await mft(home, ['trigger', 'VerbsFlow', '--params-file', '-'], {
      stdin: 'pipe',
      input: '[1]',
    });
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('Error [PARAMS_FILE]: The parameters in standard input'),
    ]);
    expect((await refused('VerbsFlow', '--params-file', 'nowhere.json'))[1]).toBe('PARAMS_FILE');
    expect((await refused('VerbsFlow', '--run-id-file', 'no/such/folder'))[1]).toBe('RUN_ID_FILE');
    expect((await refused('alpha=1'))[1]).toBe('MISSING_ARGUMENT');
    expect(await count()).toBe(before);
  });

  it('a workflow id can be given, and starts one run only', async () => {
    const args = ['trigger', 'VerbsFlow', '--workflow-id', 'nightly:1'];
    expect(await told(...args)).toMatchObject({ status: 'running', runId: 'temporal-nightly_x3a_1', exitCode: 0 });
    expect((await told(...args)).error.code).toBe('RUN_EXISTS');
    await ended('temporal-nightly_x3a_1');
    expect(await told('status', 'nightly:1')).toMatchObject({
      status: 'completed',
      steps: { each: { total: 2, done: 2 } },
    });
  });

  it('a failed run: error and traceback, in status too, and found by its status', async () => {
    const outcome = await told('trigger', 'VerbsFlow', 'fail=1', '--wait');
    const error = { step: 'each', type: 'ValueError', message: expect.stringContaining('no such luck') };
    expect(outcome).toMatchObject({ status: 'failed', deployment: 'VerbsFlow', error, exitCode: 1 });
    expect(await told('status', outcome.pathspec)).toMatchObject({ status: 'failed', error, exitCode: 0 });
    const { stdout } = await mft(home, ['status', outcome.pathspec]);
    expect(stdout).toMatch(/^VerbsFlow\/\S+ {2}failed\n/);
    expect(stdout).toMatch(/verbs\.py", line \d+, in each\n[^]*ValueError: no such luck$/);
    await expect
      .poll(() => told('runs', '--status', 'failed', '--limit', '1'), { timeout: 10_000 })
      .toMatchObject({ runs: [{ status: 'failed', pathspec: outcome.pathspec }] });
    expect(await told('runs', '--status', 'timed_out')).toMatchObject({ runs: [] });
    expect(await told('runs', '--flow', 'OtherFlow')).toMatchObject({ runs: [] });
  });

  it('a run that took too long has timed out, in status and in runs', async () => {
    const run = await gated('late', '--workflow-timeout', '2');
    await ended(run.runId);
    expect(await told('status', run.runId)).toMatchObject({ status: 'timed_out', error: { type: 'WorkflowTimeout' } });
    await expect
      .poll(() => told('runs', '--status', 'timed_out'), { timeout: 10_000 })
      .toMatchObject({ runs: [{ pathspec: run.pathspec }] });
  });

  it('logs: all tasks, one step, one task, one stream; live', async () => {
    const run = await gated('logs');
    const following = mft(home, ['logs', run.runId, '--follow']);
    let said = '';
    following.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await run.reached();
    await expect.poll(() => said, { timeout: 20_000 }).toContain('[each[1]] item 1\n');
    expect(said).not.toContain('gone on');
    await run.open();
    expect((await following).exitCode).toBe(0);
    const order = [
      '[start] text of 0',
      '[each[0]] item 0',
      '[each[0]] gone on 0',
      '[each[1]] item 1',
      '[each[1]] gone on 1',
      '[end] bye',
    ];
    expect(said.trimEnd().split('\n').sort()).toEqual([...order].sort());
    expect(said).toMatch(/^\[start\] text of 0\n[^]*\[end\] bye\n$/);
    expect((await mft(home, ['logs', run.runId])).stdout).toBe(order.join('\n'));
    expect((await mft(home, ['logs', run.pathspec, 'each', '--stderr'])).stdout).toBe(
      '[each[0]] gone on 0\n[each[1]] gone on 1',
    );
    expect((await mft(home, ['logs', run.workflowId, 'each[1]'])).stdout).toBe('item 1\ngone on 1');
    expect((await mft(home, ['logs', `${run.pathspec}/each/temporal-each-0-0`, '--stdout'])).stdout).toBe('item 0');
    expect(await told('logs', run.runId, 'end')).toMatchObject({
      pathspec: run.pathspec,
      lines: [
        { step: 'end', task: 'temporal-end-0', attempt: 0, stream: 'stdout', time: expect.any(String), line: 'bye' },
      ],
    });
    expect((await told('logs', run.runId, 'eech')).error).toMatchObject({
      code: 'NO_LOGS',
      hint: 'Steps that have begun: start, each, join, end',
    });
    const { exitCode, error } = await told('logs', run.runId, '--python', '/no/such/python');
    expect([exitCode, error.code]).toEqual([1, 'LOGS_UNREADABLE']);
  }, 120_000);

  it('suspend and unsuspend', async () => {
    const run = await gated('suspended');
    await run.reached();
    expect(await told('suspend', run.runId)).toMatchObject({ status: 'running', suspended: true, exitCode: 0 });
    await run.open();
    const counts = async () => {
      const { suspended, steps } = (await told('status', run.runId)) as unknown as {
        suspended: boolean;
        steps: Record<string, { done: number }>;
      };
      return [suspended, steps['each']!.done, steps['join']!.done];
    };
    await expect.poll(counts, { timeout: 20_000 }).toEqual([true, 2, 0]);
    expect((await told('runs', '--status', 'running'))['runs']).toMatchObject([{ pathspec: run.pathspec }]);
    expect(await told('unsuspend', run.runId)).toMatchObject({ suspended: false });
    await ended(run.runId);
    expect((await told('suspend', run.runId)).error.code).toBe('RUN_ENDED');
  });

  it('cancel --wait ends a run in order; Ctrl-C before only ended the waiting', async () => {
    const gate = join(home, 'cancelled');
    const waiting = mft(home, ['trigger', 'VerbsFlow', `gate=${gate}`, '--wait', '--json']);
    await expect.poll(() => readFile(`${gate}.1`, 'utf8').catch(() => ''), { timeout: 40_000 }).not.toBe('');
    waiting.kill('SIGINT');
    const { stdout, stderr, exitCode } = await waiting;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('The run goes on: VerbsFlow/');
    const { status, runId } = JSON.parse(String(stdout)) as Answer;
    expect(status).toBe('running');
    expect(await told('cancel', runId, '--wait')).toMatchObject({
      status: 'cancelled',
      cancelRequested: true,
      exitCode: 0,
    });
    expect(await isAlive(Number(await readFile(`${gate}.1`, 'utf8')))).toBe(false);
    expect((await told('cancel', runId)).error.code).toBe('RUN_ENDED');
  });

  it('terminate ends the processes of the tasks, too', async () => {
    const run = await gated('terminated');
    await run.reached();
    await told('terminate', run.runId);
    const alive = async () => Promise.all([run.pidOf(0), run.pidOf(1)].map(async (pid) => isAlive(await pid)));
    await expect.poll(alive, { timeout: 20_000 }).toEqual([false, false]);
  });

  it('resume takes over what an earlier run has finished; refuses what it cannot do', async () => {
    const origin = await told('runs', '--status', 'failed', '--limit', '1');
    const [{ pathspec = '', runId = '' } = {}] = origin['runs'] as { pathspec: string; runId: string }[];
    const { stdout, exitCode } = await mft(home, ['resume', 'VerbsFlow', '--origin-run-id', pathspec, '--wait']);
    // Its second item fails again: parameters are the origin's.
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('no such luck')]);
    const resumed = /VerbsFlow\/\S+/.exec(String(stdout))![0];
    expect(resumed).not.toBe(pathspec);
    const lines = (await told('logs', resumed))['lines'] as { step: string; line: string }[];
    expect(lines.map(({ line }) => line)).toContain('gone on 1');
    expect(lines.map(({ line }) => line)).not.toContain('gone on 0');
    expect((await told('resume', 'VerbsFlow', '--origin-run-id', runId, 'fail=no')).error.code).toBe(
      'RESUME_PARAMETERS',
    );
    expect((await told('resume', 'VerbsFlow')).error.code).toBe('MISSING_OPTION');
    const error = (await told('resume', 'VerbsFlow', 'eech', '--origin-run-id', '1')).error;
    expect(error).toMatchObject({ code: 'UNKNOWN_STEP', hint: expect.stringContaining('"each"') });
  });

  it('delete forgets the deployment and names the runs that go on', async () => {
    const run = await gated('deleted');
    await run.reached();
    expect(await told('delete', 'VerbsFlow')).toMatchObject({
      ...{ deployment: 'VerbsFlow', deleted: true, exitCode: 0 },
      running: [run.pathspec],
    });
    expect((await told('trigger', 'VerbsFlow')).error.code).toBe('DEPLOYMENT_NOT_FOUND');
    const { exitCode, error } = await told('delete', 'VerbsFlow');
    expect([exitCode, error.code]).toEqual([1, 'DEPLOYMENT_NOT_FOUND']);
    await run.open();
    await ended(run.runId);
    expect(await told('status', run.runId)).toMatchObject({ status: 'completed' });
  });
});

describe('what is not there', () => {
  it.each(['status', 'logs', 'cancel', 'terminate', 'suspend', 'unsuspend'])('%s of an unknown run', async (verb) => {
    const { exitCode, error } = await told(verb, 'NoFlow/temporal-NoFlow-1');
    expect([exitCode, error.code, error.hint]).toEqual([1, 'RUN_NOT_FOUND', 'List the runs with: mft runs']);
  });

  it('no server: none is started', async () => {
    const { exitCode, stderr } = await mft(await temporaryFolder(), ['runs']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Error [NO_SERVER]: ');
    expect(stderr).toContain('mft server');
  });
});
