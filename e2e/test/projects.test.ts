import { cpSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, run, until } from '../lib/process.mjs';
import { said, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/** What answers of `mft … --json` hold, each some of it. */
interface Answer {
  readonly name: string;
  readonly pathspec: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly deployments: readonly { readonly name: string; readonly taskQueue: string }[];
  readonly runs: readonly { readonly pathspec: string }[];
  readonly environment: { readonly METAFLOW_PRODUCTION_TOKEN: string };
}

/** `current.*` as it must be in every step of a branch. */
const currentOf = (branch: string, production = false, user = false) => [
  ...['shared', branch, production, user],
  `shared.${branch}.SharedFlow`,
];

const SEEN = 'run.data.last_seen, run["start"].task.data.seen, *run.data.each_seen, run.data.seen';

describe('a flow with @project', () => {
  const bench = useBench({ PYTHONPATH: extensionPath(), MFT_CLI: MFT });
  const flow = path.join(bench.directory, 'shared.py');
  const branches = Array.from({ length: 10 }, (_, i) => `b${i}`);

  const json = async (...words: string[]): Promise<Answer> => {
    const result = await bench.mft(...words, '--json');
    expect(result.status, result.stdout + result.stderr).toBe(0);
    return lastJson(result.stdout) as unknown as Answer;
  };
  const runs = async (...words: string[]): Promise<string[]> =>
    (await json('runs', ...words, '--limit', '100')).runs.map(({ pathspec }) => pathspec);
  const named = (branch: string): string => `shared.${branch}.SharedFlow`;

  beforeAll(async () => {
    cpSync(path.join(ROOT, 'e2e/fixtures/projects/shared.py'), flow);
    // By another account than that of whoever deploys.
    const env = { ...bench.env, METAFLOW_USER: 'worker' };
    const at = { cwd: bench.directory, env, client: bench.client, taskQueue: '', wait: false };
    const worker = bench.keep(await startWorker(MFT, { ...at, args: ['serve', '--max-workers', '4'] }));
    await said(worker, 'Serving');
    // Two at a time: each is a Python process and a Node process.
    for (let i = 0; i < branches.length; i += 2) {
      const pair = branches.slice(i, i + 2);
      await Promise.all(
        pair.map((branch) => json('create', flow, '--branch', branch, '--tag', `of:${branch}`, '-o', `${branch}.mjs`)),
      );
    }
  }, 180_000);

  it('is deployed in ten branches that run side by side and do not touch each other', async () => {
    const { deployments } = await json('list', '--flow', 'SharedFlow');
    expect(deployments.map(({ name, taskQueue }) => [name, taskQueue])).toEqual(
      branches.map((branch) => [`shared.test.${branch}.SharedFlow`, `metaflow-shared.test.${branch}.SharedFlow`]),
    );
    const started = await Promise.all(branches.map((branch) => json('trigger', `shared.test.${branch}.SharedFlow`)));
    for (const [i, { workflowId }] of started.entries())
      expect(workflowId).toMatch(new RegExp(`^shared\\.test\\.b${i}\\.SharedFlow-`));
    await Promise.all(started.map(({ workflowId }) => bench.client.workflow.getHandle(workflowId).result()));
    const told = await Promise.all(
      started.map(({ pathspec }) =>
        ask(
          bench,
          pathspec,
          `[[${SEEN}], sorted(run.user_tags), sorted(t for t in run.system_tags if t.startswith(("project", "user:")))]`,
        ),
      ),
    );
    for (const [i, branch] of branches.entries()) {
      const expected = Array.from({ length: 5 }, () => currentOf(`test.${branch}`));
      const tags = ['project:shared', `project_branch:test.${branch}`, 'user:tester'];
      expect(told[i]).toEqual([expected, [`of:${branch}`], tags]);
    }
    await until(async () => (await runs('--project', 'shared', '--status', 'completed')).length === 10);
    expect(await runs('--branch', 'test.b3')).toEqual([started[3]!.pathspec]);
    expect(await runs('--tag', 'of:b4', '--user', 'tester')).toEqual([started[4]!.pathspec]);
    expect(await runs('--user', 'worker')).toEqual([]);
  });

  it('is deleted in one of them, and nine stay', async () => {
    await json('delete', named('test.b0'));
    const { deployments } = await json('list', '--flow', 'SharedFlow');
    expect(deployments).toHaveLength(9);
    const { workflowId } = await json('trigger', named('test.b1'));
    await bench.client.workflow.getHandle(workflowId).result();
    expect(await runs('--branch', 'test.b0')).toHaveLength(1);
    expect(await runs('--deployment', named('test.b1'))).toHaveLength(2);
  });

  it('is right about itself in handlers, and after a resume', async () => {
    const name = named('test.b2');
    const failed = await json('trigger', name, 'fails=yes', '--tag', 'mine');
    await bench.client.workflow
      .getHandle(failed.workflowId)
      .result()
      .catch(() => undefined);
    const undone = 'json.loads(run["each"].task.metadata_dict["temporal-compensation"])["stdout"]';
    const printed = `undo ${currentOf('test.b2').join(' ').replaceAll('false', 'False')}\n`;
    expect(await ask(bench, failed.pathspec, undone)).toBe(printed);
    const resumed = await json('resume', name, '--origin-run-id', failed.runId, '--tag', 'again');
    await bench.client.workflow.getHandle(resumed.workflowId).result();
    const projects = 'sorted(t for t in run.system_tags if t.startswith("project"))';
    expect(await ask(bench, resumed.pathspec, `[[${SEEN}], ${projects}, sorted(run.user_tags)]`)).toEqual([
      Array.from({ length: 5 }, () => currentOf('test.b2')),
      ['project:shared', 'project_branch:test.b2'],
      ['again', 'of:b2'],
    ]);
  });

  it('has the namespace that was baked in, in resumed runs too', async () => {
    const name = named('test.team');
    await json('create', flow, '--branch', 'team', '--namespace', 'user:team');
    const failed = await json('trigger', name, 'fails=yes');
    await bench.client.workflow
      .getHandle(failed.workflowId)
      .result()
      .catch(() => undefined);
    const resumed = await json('resume', name, '--origin-run-id', failed.runId);
    const fresh = await json('trigger', name);
    for (const { workflowId, pathspec } of [resumed, fresh]) {
      await bench.client.workflow.getHandle(workflowId).result();
      expect(await ask(bench, pathspec, 'run.data.namespace')).toBe('user:team');
    }
  });

  it("under mft run, and under the flow file's own command, belongs to its user or its branch", async () => {
    const own = await json('run', flow);
    expect(await ask(bench, own.pathspec, 'run.data.last_seen')).toEqual(currentOf('user.tester', false, true));
    const { python } = bench;
    const created = await python(flow, '--branch', 'mine', 'temporal', 'create', '--json');
    expect(created.status, created.stderr).toBe(0);
    expect(lastJson(created.stdout)).toMatchObject({ name: named('test.mine') });
    const user = await python(flow, 'temporal', 'create', '--json');
    expect(lastJson(user.stdout)).toMatchObject({ name: named('user.tester') });
    const { workflowId, pathspec } = await json('trigger', named('user.tester'));
    await bench.client.workflow.getHandle(workflowId).result();
    const tags = 'sorted(t for t in run.system_tags if t.startswith("project"))';
    expect(await ask(bench, pathspec, `[[${SEEN}], ${tags}]`)).toEqual([
      Array.from({ length: 5 }, () => currentOf('user.tester', false, true)),
      ['project:shared', 'project_branch:user.tester'],
    ]);
  });

  it('is guarded by a token in production, which mft and the flow file settle alike', async () => {
    const production = await json('create', flow, '--production');
    expect(production.name).toBe(named('prod'));
    const token = (await json('show', named('prod'))).environment.METAFLOW_PRODUCTION_TOKEN;
    expect(token).toMatch(/^mfprj-[a-z2-7]{16}-0-[a-z]{4}$/);
    const stranger = {
      ...bench.env,
      METAFLOW_USER: 'stranger',
      METAFLOW_HOME: path.join(bench.directory, 'elsewhere'),
    };
    const theirs = (...words: string[]) =>
      run(process.execPath, [MFT, ...words], { cwd: bench.directory, env: stranger });
    const refused = await theirs('create', flow, '--production', '--json');
    expect([refused.status, lastJson(refused.stdout)]).toMatchObject([2, { error: { code: 'INCORRECT_TOKEN' } }]);
    const kept = await theirs('delete', named('prod'), '--json');
    expect([kept.status, lastJson(kept.stdout)]).toMatchObject([1, { error: { code: 'INCORRECT_TOKEN' } }]);

    expect((await theirs('create', flow, '--production', '--authorize', token)).status).toBe(0);
    // Remembered from now on, and the namespace of its runs.
    const python = (...words: string[]) =>
      run(bench.env['METAFLOW_PYTHON']!, [flow, '--production', 'temporal', ...words], {
        cwd: bench.directory,
        env: stranger,
      });
    expect((await python('create')).status).toBe(0);
    const { workflowId, pathspec } = await json('trigger', named('prod'));
    await bench.client.workflow.getHandle(workflowId).result();
    const asked = `[run.data.last_seen, {"production:${token}", "user:stranger"} <= run.system_tags]`;
    expect(await ask(bench, pathspec, asked)).toEqual([currentOf('prod', true), true]);
    const misplaced = await theirs('create', flow, '--generate-new-token');
    expect([misplaced.status, misplaced.stderr]).toMatchObject([2, expect.stringContaining('--production')]);
  });
});
