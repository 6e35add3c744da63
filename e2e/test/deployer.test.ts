import { cpSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson, run } from '../lib/process.mjs';
import { said, startWorker } from '../lib/worker.mjs';
import { useBench } from './support.js';

describe("Metaflow's Deployer", () => {
  const bench = useBench({ PYTHONPATH: extensionPath(), MFT_CLI: MFT });
  const directory = path.join(realpathSync(bench.directory), 'work');
  const session = path.join(directory, 'session.py');
  // The datastore is found as on a user's machine: from the working directory.
  delete bench.env['METAFLOW_DATASTORE_SYSROOT_LOCAL'];
  let created: Record<string, unknown>;
  let used: Record<string, unknown>;

  const python = async (...words: string[]): Promise<Record<string, unknown>> => {
    const { stdout, stderr, status } = await run(bench.env['METAFLOW_PYTHON']!, [session, ...words], {
      cwd: directory,
      env: bench.env,
      timeout: 280_000,
    });
    expect(status, stdout + stderr).toBe(0);
    return lastJson(stdout)!;
  };

  beforeAll(async () => {
    mkdirSync(path.join(directory, '.metaflow'), { recursive: true });
    cpSync(path.join(ROOT, 'e2e/fixtures/deployer'), directory, { recursive: true });
    created = await python('create');
    rmSync(path.join(directory, 'asked.py'));
    const at = { cwd: bench.directory, env: bench.env, client: bench.client, taskQueue: '', wait: false };
    const worker = bench.keep(await startWorker(MFT, { ...at, args: ['serve'] }));
    await said(worker, 'deployed.test.b.AskedFlow');
    used = await python('use', created['run_id'] as string);
  }, 600_000);

  it('deploys, and triggers a run that waits for a worker', () => {
    const name = 'deployed.test.b.AskedFlow';
    expect(created['deployed']).toEqual([name, 'AskedFlow', `local@${directory}`, name]);
    expect(created['before']).toEqual(['PENDING', true, null]);
  });

  it('refuses parameters that are none, and values of the wrong type', () => {
    expect(created['bad']).toEqual([
      expect.stringMatching(/^ValueError: Unknown argument: 'alpah'/),
      expect.stringMatching(/^TypeError: Invalid type for 'alpha'/),
    ]);
  });

  it('guards production with a token', () => {
    const [token, none, refused, authorized, deleted] = created['token'] as unknown[];
    expect(token).toMatch(/^mfprj-[a-z2-7]{16}-0-[a-z]{4}$/);
    expect([none, authorized, deleted]).toEqual([null, true, true]);
    expect(refused).toContain('deployed.prod.AskedFlow was deployed by tester');
  });

  it('compiles without deploying', () => {
    const name = 'deployed.test.dry.AskedFlow';
    expect(created['dry']).toEqual([name, 'AskedFlow', expect.stringContaining(`has no deployment "${name}"`)]);
  });

  it('finds a deployment by its name, without the flow file and from elsewhere', () => {
    expect(used['found']).toEqual(['deployed.test.b.AskedFlow', 'AskedFlow', `local@${directory}`]);
  });

  it('hands every kind of parameter on, 200 KB in one of them', () => {
    expect(used['first']).toEqual(['SUCCEEDED', false, [0.75, { b: [1] }, ['x', '--y'], 'create', 'a note'], 200_000]);
    expect(used['tags']).toEqual(expect.arrayContaining(['first', 'second', 'third']));
  });

  it('tells of a failure, before the first task too', () => {
    expect(used['failed']).toEqual(['FAILED', false, expect.stringContaining('is missing'), false]);
    expect(used['before_first_task']).toEqual(['FAILED', null]);
  });

  it('resumes', () => {
    expect(used['resumed']).toEqual(['SUCCEEDED', true]);
    expect(used['again']).toEqual(['SUCCEEDED', null]);
  });

  it('suspends, and goes on', () => {
    expect(used['suspended']).toEqual(['RUNNING', true, true, true]);
    expect(used['still']).toEqual(['RUNNING', ['start']]);
    expect(used['unsuspended']).toEqual([true, 'SUCCEEDED']);
  });

  it('terminates and cancels', () => {
    expect(used['terminated']).toEqual([true, 'TERMINATED']);
    expect(used['cancelled']).toEqual([true, 'CANCELLED', false]);
  });

  it('lists and deletes', () => {
    expect(used['runs']).toBe(4);
    expect(used['listed']).toEqual(['deployed.test.b.AskedFlow']);
    expect(used['unknown']).toBeNull();
    expect(used['deleted']).toEqual([true, expect.stringContaining('has no deployment')]);
  });
});
