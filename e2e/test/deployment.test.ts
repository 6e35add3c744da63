import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastJson } from '../lib/process.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { ask, EXAMPLES, FLOWS, useBench } from './support.js';

describe('a worker file', () => {
  const bench = useBench();
  const flow = path.join(bench.directory, 'src', 'with_modules.py');
  const file = path.join(bench.directory, 'with_modules_worker.mjs');
  const at = { cwd: bench.directory, env: bench.env };

  it('runs what was created, after the flow and its modules were edited and then deleted', async () => {
    for (const name of ['with_modules.py', 'beside.py', 'helpers']) {
      cpSync(path.join(FLOWS, name), path.join(bench.directory, 'src', name), { recursive: true });
    }
    await createWorkerFile(flow, file, at);
    expect(statSync(file).size).toBeLessThan(10_000_000);
    const worker = bench.keep(
      await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-WithModulesFlow' }),
    );
    expect(worker.ready).toBeLessThan(10_000);

    writeFileSync(flow, readFileSync(flow, 'utf8').replace('shout(self.reading.name)', '"edited"'));
    const edited = await bench.node(file, 'trigger', '--json');
    expect(edited.status, edited.stderr).toBe(0);
    expect(await ask(bench, lastJson(edited.stdout)!.pathspec, 'run.data.word')).toBe('HEAT!');

    rmSync(path.join(bench.directory, 'src'), { recursive: true });
    const deleted = await bench.node(file, 'trigger', '--json', '--tag', 'after:deletion');
    expect(deleted.status, deleted.stderr).toBe(0);
    const { pathspec, status } = lastJson(deleted.stdout)!;
    expect(status).toBe('completed');
    expect(await ask(bench, pathspec, '[run.data.word, "after:deletion" in run.tags, run.successful]')).toEqual([
      'HEAT!',
      true,
      true,
    ]);
  });

  it('checks parameters before anything starts', async () => {
    const result = await bench.node(file, 'trigger', 'colour=red');
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('colour');
    expect(result.stderr).toContain('UNKNOWN_PARAMETER');
  });

  it('ends by itself on SIGTERM, with status 0', async () => {
    const worker = bench.keep(
      await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-WithModulesFlow', wait: false }),
    );
    await said(worker, 'polling');
    expect(await worker.stop()).toBe(0);
  });

  it('serves runs that any Temporal client starts, with and without an argument', async () => {
    const start = (id: string, args: unknown[]) =>
      bench.client.workflow.execute('MetaflowWorkflow', {
        taskQueue: 'metaflow-WithModulesFlow',
        workflowId: id,
        args,
      });
    const id = `WithModulesFlow-any-client-${Date.now()}`;
    const result = (await start(id, [])) as { pathspec: string; runId: string };
    expect(result).toMatchObject({ runId: `temporal-${id}`, pathspec: `WithModulesFlow/temporal-${id}` });
    await start(`${id}-2`, [{ params: {}, tags: ['mine'] }]);
    expect(await ask(bench, `WithModulesFlow/temporal-${id}-2`, '"mine" in run.tags')).toBe(true);
  });
});

describe('python my_flow.py temporal create', () => {
  const bench = useBench();

  it('writes the same worker as mft create does, top-level options included', async () => {
    const flow = path.join(EXAMPLES, 'hello.py');
    const file = path.join(bench.directory, 'hello_worker.mjs');
    const extension = path.join(path.dirname(EXAMPLES), 'packages/metaflow-extension/python');
    const env = {
      ...bench.env,
      PYTHONPATH: extension,
      PATH: `${path.join(path.dirname(EXAMPLES), 'node_modules/.bin')}:${bench.env.PATH}`,
    };
    const { run } = await import('../lib/process.mjs');
    const args = [
      flow,
      '--no-pylint',
      '--datastore',
      'local',
      '--with',
      'retry:times=1',
      'temporal',
      'create',
      '--output',
      file,
    ];
    const created = await run(bench.env.METAFLOW_PYTHON!, args, { cwd: bench.directory, env });
    expect(created.status, created.stderr + created.stdout).toBe(0);
    const at = { cwd: bench.directory, env: bench.env };
    bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-HelloFlow' }));
    const triggered = await bench.node(file, 'trigger', 'greeting=good morning', 'times=2', '--json');
    expect(triggered.status, triggered.stderr).toBe(0);
    expect(await ask(bench, lastJson(triggered.stdout)!.pathspec, 'run.data.message')).toBe(
      'good morning good morning, world',
    );
  });

  it('refuses an output that ends in .py', async () => {
    const result = await bench.mft('create', path.join(EXAMPLES, 'hello.py'), '-o', 'worker.py');
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(/JavaScript/);
  });
});

describe('a file that is a parameter', () => {
  const bench = useBench();

  it('is read when the flow is deployed, and may be replaced for a run', async () => {
    cpSync(path.join(EXAMPLES, 'sales.py'), path.join(bench.directory, 'src/sales.py'), { recursive: true });
    cpSync(path.join(EXAMPLES, 'data'), path.join(bench.directory, 'src/data'), { recursive: true });
    const file = path.join(bench.directory, 'sales_worker.mjs');
    const at = { cwd: bench.directory, env: bench.env };
    await createWorkerFile(path.join(bench.directory, 'src/sales.py'), file, at);
    rmSync(path.join(bench.directory, 'src'), { recursive: true });
    bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-SalesFlow' }));
    const plain = await bench.node(file, 'trigger', '--json');
    expect(plain.status, plain.stderr).toBe(0);
    expect(await ask(bench, lastJson(plain.stdout)!.pathspec, 'run.data.totals["east"]')).toBe(1069.5);
    const own = path.join(bench.directory, 'own.csv');
    writeFileSync(own, 'region,product,units,price\nhome,lamp,2,1.5\n');
    const given = await bench.node(file, 'trigger', '--json', `table=${own}`, 'currency=USD');
    expect(given.status, given.stderr).toBe(0);
    expect(await ask(bench, lastJson(given.stdout)!.pathspec, 'run.data.totals')).toEqual({ home: 3 });
  });
});
