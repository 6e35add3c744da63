import path from 'node:path';
import { extensionPath } from '@mft/metaflow-extension';
import { describe, expect, it } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { createWorkerFile, said, startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

const FLOW = path.join(ROOT, 'e2e/fixtures/preloaded.py');
const QUEUE = 'metaflow-PreloadedFlow';

const bench = useBench({ PYTHONPATH: extensionPath(), MFT_CLI: MFT });
const at = { cwd: bench.directory, env: bench.env };

describe('--preload auto', () => {
  const output = path.join(bench.directory, 'preloaded_worker.mjs');

  /** A run by a worker with these arguments: whether the flow's import was there before, and how many numbers 20 tasks drew. */
  async function runWith(...args: string[]): Promise<unknown> {
    const worker = bench.keep(await startWorker(output, { ...at, client: bench.client, taskQueue: QUEUE, args }));
    const { pathspec } = await bench.client.workflow.execute('MetaflowWorkflow', {
      taskQueue: QUEUE,
      workflowId: `Preloaded-${Date.now()}`,
      args: [{}],
    });
    await worker.stop();
    return ask(bench, pathspec, '[run.data.there, run.data.different]');
  }

  it('of a deployment holds for its workers, unless one is told otherwise', async () => {
    await createWorkerFile(FLOW, output, { ...at, options: ['--preload', 'auto'] });
    expect(await runWith()).toEqual([true, 20]);
    expect(await runWith('--preload=')).toEqual([false, 20]);
  });

  it('holds for mft run, and for python flow.py temporal create', async () => {
    const { status, stdout } = await bench.mft('run', FLOW, '--preload=auto,sqlite3', '--json');
    expect(status).toBe(0);
    const { pathspec } = JSON.parse(stdout) as { pathspec: string };
    expect(await ask(bench, pathspec, '[run.data.there, run.data.different]')).toEqual([true, 20]);

    const created = await bench.python(FLOW, 'temporal', 'create', '--preload', 'auto,my.module', '--only-json');
    expect(JSON.parse(created.stdout)).toMatchObject({ preload: ['auto', 'my.module'] });
  });

  it('under mft serve is that of each deployment, unless mft serve is told otherwise', async () => {
    const own = ['--name', 'preloads-itself', '--preload', 'auto'];
    await createWorkerFile(FLOW, output, at);
    await createWorkerFile(FLOW, path.join(bench.directory, 'own_worker.mjs'), { ...at, options: own });

    /** Runs of both deployments by one `mft serve`: what each of them saw. */
    async function serveWith(...args: string[]): Promise<unknown[]> {
      const options = { ...at, client: bench.client, taskQueue: '', wait: false, args: ['serve', ...args] };
      const worker = bench.keep(await startWorker(MFT, options));
      const seen = ['PreloadedFlow', 'preloads-itself'].map(async (name) => {
        await said(worker, `${name}: served`);
        const { pathspec } = await bench.client.workflow.execute('MetaflowWorkflow', {
          ...{ taskQueue: `metaflow-${name}`, workflowId: `${name}-${Date.now()}`, args: [{}] },
        });
        return ask(bench, pathspec, '[run.data.there, run.data.different]');
      });
      const answers = await Promise.all(seen);
      await worker.stop();
      return answers;
    }

    const there = [true, 20];
    const missing = [false, 20];
    expect(await serveWith()).toEqual([missing, there]);
    expect(await serveWith('--preload', 'auto')).toEqual([there, there]);
    expect(await serveWith('--preload=')).toEqual([missing, missing]);
  });

  it('and any other module must have a name', async () => {
    const { status, stderr } = await bench.mft('run', FLOW, '--preload', 'numpy pandas');
    expect(stderr).toContain('"numpy pandas" is no name of a Python module.');
    expect(status).toBe(2);
  });
});
