import { cpSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, run, until } from '../lib/process.mjs';
import { said, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/** What `mft status --json` and `mft runs --json` are asked for here. */
interface Described {
  readonly status: string;
  readonly exitHooks: readonly Record<string, unknown>[];
}
interface Listed {
  readonly runs: readonly { readonly pathspec: string; readonly runId: string; readonly workflowId: string }[];
}

describe('exit hooks', () => {
  const bench = useBench({ PYTHONPATH: extensionPath() });
  const source = path.join(bench.directory, 'src');
  const flow = path.join(source, 'hooked.py');
  const file = path.join(bench.directory, 'hooks');
  bench.env['HOOKS_FILE'] = file;

  /** What hooks and handlers wrote since the last look. */
  const told = (): string[] => {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file);
    return lines;
  };
  const line = (hook: string, run: string) => `${hook} ${run} a module beside the flow`;
  const good = '[True, True, True]';
  const bad = '[True, False, False]';
  const onSuccess = [line('last', good), line('tell', good), line('breaks', good)];
  const onError = [line('breaks', bad), line('without', 'None'), line('page', bad)];

  beforeAll(() => {
    cpSync(path.join(ROOT, 'e2e/fixtures/exit_hooks'), source, { recursive: true });
  });

  it.each([['good'], ['bad']])('leave the same under mft run and metaflow run: a run that ends %s', async (mode) => {
    // Metaflow finds the functions of its hooks only where the flow lies in the working directory.
    const python = bench.env['METAFLOW_PYTHON']!;
    const theirs = await run(python, ['hooked.py', 'run', '--mode', mode], { cwd: source, env: bench.env });
    const expected = told();
    const ours = await bench.mft('run', flow, `mode=${mode}`);
    expect([theirs.status, ours.status]).toEqual(mode === 'good' ? [0, 0] : [1, 1]);
    expect(expected).toEqual(mode === 'good' ? onSuccess : onError);
    // Metaflow has no compensation; ours comes before the hooks.
    expect(told()).toEqual(mode === 'good' ? expected : ['undone', ...expected]);
    expect(ours.stderr + ours.stdout).toContain('[exit hook breaks] ValueError: the pager is down');
  });

  it('of a deployment run from its code package, in any outcome, and are told by mft status', async () => {
    const created = await bench.mft('create', flow);
    expect(created.status, created.stderr).toBe(0);
    const env = { ...bench.env, HOOKS_MODE: 'slow' };
    const options = ['--name', 'late-hooked', '--workflow-timeout', '8', '--tag', 'nightly', '-o', 'late.mjs'];
    const late = await run(process.execPath, [MFT, 'create', flow, ...options], { cwd: bench.directory, env });
    expect(late.status, late.stderr).toBe(0);
    rmSync(source, { recursive: true });
    const at = { cwd: bench.directory, env: bench.env, client: bench.client, taskQueue: '', wait: false };
    const worker = bench.keep(await startWorker(MFT, { ...at, args: ['serve'] }));
    await said(worker, 'HookedFlow: served');
    const ended = async (...words: string[]) => {
      const { stdout, status, stderr } = await bench.mft('trigger', 'HookedFlow', ...words, '--wait', '--json');
      const outcome = lastJson(stdout)!;
      const shown = lastJson((await bench.mft('status', outcome.runId, '--json')).stdout) as unknown as Described;
      expect(shown.status, stderr).toBe(outcome.status);
      return {
        status,
        outcome: outcome.status,
        hooks: shown.exitHooks,
        runId: outcome.runId,
      };
    };

    const completed = await ended();
    expect([completed.status, told()]).toEqual([0, onSuccess]);
    expect(completed.hooks).toMatchObject([
      { hook: 'last', ok: true, output: onSuccess[0] },
      { hook: 'tell', ok: true },
      { hook: 'breaks', ok: false, error: expect.stringContaining('ValueError: the pager is down') },
    ]);
    const text = (await bench.mft('status', completed.runId)).stdout;
    expect(text).toContain('Exit hook last: done');
    expect(text).toContain('Exit hook breaks failed: ');
    expect(worker.output()).toContain(`${completed.runId}/exit hook tell] ${onSuccess[1]}`);

    const slow = await ended('mode=slow', '--workflow-timeout', '8');
    expect([slow.outcome, told()]).toEqual(['timed_out', ['undone', ...onError]]);
    const refused = await ended('mode=bad');
    expect([refused.outcome, told()]).toEqual(['failed', ['undone', ...onError]]);

    const { stdout } = await bench.mft('trigger', 'HookedFlow', 'mode=slow', '--json');
    const { runId, workflowId } = lastJson(stdout)!;
    await until(() => worker.output().includes(`${runId}/middle] in middle`), { what: 'the slow step' });
    await bench.mft('cancel', runId, '--wait');
    expect((await bench.client.workflow.getHandle(workflowId).describe()).status.name).toBe('CANCELLED');
    expect(told()).toEqual(['undone', ...onError]);
  });

  it("of a run that Temporal's schedule started, with the timeout and the tags of its deployment", async () => {
    await bench.client.schedule.getHandle('metaflow-late-hooked').trigger();
    const listed = async () =>
      (
        lastJson(
          (
            await bench.mft(
              'runs',
              '--deployment',
              'late-hooked',
              '--status',
              'timed_out',
              '--tag',
              'nightly',
              '--json',
            )
          ).stdout,
        ) as unknown as Listed
      ).runs;
    await until(async () => (await listed()).length === 1, { what: 'the end of the run' });
    const [run] = await listed();
    if (run === undefined) throw new Error('no run');
    expect(run).toMatchObject({ flow: 'HookedFlow', user: 'tester', tags: ['nightly'] });
    expect(await ask(bench, run.pathspec, 'sorted(run.user_tags)')).toEqual(['nightly']);
    const { typedSearchAttributes } = await bench.client.workflow.getHandle(run.workflowId).describe();
    const shown = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    expect(shown).toMatchObject({
      ...{ MetaflowFlow: 'HookedFlow', MetaflowDeployment: 'late-hooked', MetaflowUser: 'tester' },
      ...{ MetaflowRunId: run.runId, MetaflowTags: ['nightly'] },
    });
    expect(told()).toEqual(['undone', ...onError]);
  });
});
