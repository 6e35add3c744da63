import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../lib/paths.mjs';
import { isolated, lastJson, run } from '../lib/process.mjs';
import { startWorker } from '../lib/worker.mjs';
import { ask, EXAMPLES, useBench } from './support.js';

/*
 * The three ways of use, as somebody who has never seen the repository: packed tarballs, an empty folder outside of it.
 */

const bench = useBench();
const tarballs: Record<string, string> = {};
const npmEnv = {
  ...isolated(bench.directory),
  TEMPORAL_ADDRESS: bench.address,
  XDG_CACHE_HOME: bench.env.XDG_CACHE_HOME!,
};

async function npm(cwd: string, ...args: string[]) {
  const result = await run('npm', args, { cwd, env: npmEnv, timeout: 240_000 });
  expect(result.status, `npm ${args.join(' ')}\n${result.stderr}`).toBe(0);
  return result;
}

/** An empty project with some of our packages and, at their side, what a user would name himself. */
async function project(name: string, ours: readonly string[], others: readonly string[] = []): Promise<string> {
  const directory = path.join(bench.directory, name);
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  const files = ours.map((packageName) => tarballs[packageName] ?? expect.fail(`${packageName} was not packed`));
  await npm(directory, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...files, ...others);
  cpSync(path.join(EXAMPLES, 'branches.py'), path.join(directory, 'branches.py'));
  return directory;
}

beforeAll(async () => {
  const packed = path.join(bench.directory, 'packed');
  mkdirSync(packed);
  for (const folder of readdirSync(path.join(ROOT, 'packages'))) {
    const result = await npm(
      path.join(ROOT, 'packages', folder),
      'pack',
      '--json',
      '--ignore-scripts',
      '--pack-destination',
      packed,
    );
    const [{ name, filename }] = JSON.parse(result.stdout) as [{ name: string; filename: string }];
    tarballs[name] = path.join(packed, filename.replace('@', '').replace('/', '-'));
  }
});

const temporalVersion = JSON.parse(
  readFileSync(path.join(ROOT, 'node_modules/@temporalio/worker/package.json'), 'utf8'),
).version as string;

describe('from packed tarballs', () => {
  it('compileFlow() in a build script', { timeout: 300_000 }, async () => {
    const directory = await project('build', [
      '@mft/compiler',
      '@mft/graph',
      '@mft/metaflow-extension',
      '@mft/schedule',
    ]);
    writeFileSync(
      path.join(directory, 'build.mjs'),
      `import { compileFlow, configHash, flowConfigSchema } from '@mft/compiler';
import { writeFileSync } from 'node:fs';
const config = await compileFlow('branches.py', { options: ['--no-pylint'] });
writeFileSync('branches.json', JSON.stringify({ config, hash: configHash(config) }));
console.log(config.flow.name, config.parameters.map((p) => p.name).join(), typeof flowConfigSchema);
`,
    );
    const built = await run(process.execPath, ['build.mjs'], { cwd: directory, env: npmEnv });
    expect(built.status, built.stderr).toBe(0);
    expect(built.stdout.trim()).toBe('BranchesFlow count,offset object');
    const { config } = JSON.parse(readFileSync(path.join(directory, 'branches.json'), 'utf8'));
    expect(config.plan.graph.nodes.fan_out).toMatchObject({ type: 'foreach', join: 'collect' });
  });

  it(
    'a worker that has workflows of its own, with @mft/interpreter and @mft/step-runner',
    { timeout: 300_000 },
    async () => {
      const sdk = ['worker', 'client', 'workflow', 'activity', 'common'].map(
        (part) => `@temporalio/${part}@${temporalVersion}`,
      );
      const directory = await project(
        'own',
        ['@mft/interpreter', '@mft/step-runner', '@mft/graph', '@mft/saga', '@mft/metaflow-extension'],
        sdk,
      );
      cpSync(path.join(bench.directory, 'build/branches.json'), path.join(directory, 'branches.json'));
      writeFileSync(
        path.join(directory, 'workflows.js'),
        `export * from '@mft/interpreter/workflows';
import { proxyActivities } from '@temporalio/workflow';
const { shout } = proxyActivities({ startToCloseTimeout: '10s' });
export async function ownWorkflow(word) { return shout(word); }
`,
      );
      writeFileSync(
        path.join(directory, 'worker.mjs'),
        `import { readFileSync } from 'node:fs';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createStepActivities } from '@mft/step-runner';
const { config, hash } = JSON.parse(readFileSync('branches.json', 'utf8'));
const runner = createStepActivities({ config: { ...config, flow: { ...config.flow, directory: process.cwd() } }, hash });
await runner.start();
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS }),
  taskQueue: 'own-queue',
  workflowsPath: new URL('./workflows.js', import.meta.url).pathname,
  activities: { ...runner.activities, shout: async (word) => word.toUpperCase() + '!' },
});
await worker.run();
await runner.close(1000);
`,
      );
      const at = { cwd: directory, env: npmEnv };
      const worker = bench.keep(
        await startWorker(path.join(directory, 'worker.mjs'), { ...at, client: bench.client, taskQueue: 'own-queue' }),
      );
      const own = await bench.client.workflow.execute('ownWorkflow', {
        taskQueue: 'own-queue',
        workflowId: `own-${Date.now()}`,
        args: ['hello'],
      });
      expect(own).toBe('HELLO!');
      const workflowId = `BranchesFlow-own-${Date.now()}`;
      const result = (await bench.client.workflow.execute('MetaflowWorkflow', {
        taskQueue: 'own-queue',
        workflowId,
        args: [{ params: { count: 2 } }],
      })) as { pathspec: string };
      expect(await ask(bench, result.pathspec, 'run.data.report'), worker.output()).toEqual({
        numbers: [1, 2],
        total: 3,
        squares: [1, 4],
      });
      expect(await worker.stop()).toBe(0);
    },
  );

  it('npx @mft/cli create, then the file it wrote', { timeout: 300_000 }, async () => {
    const directory = await project('cli', Object.keys(tarballs));
    const at = { cwd: directory, env: npmEnv };
    const created = await run(
      'npx',
      ['--no-install', '@mft/cli', 'create', 'branches.py', '--output', 'branches_worker.mjs'],
      at,
    );
    expect(created.status, created.stderr).toBe(0);
    rmSync(path.join(directory, 'branches.py'));
    const file = path.join(directory, 'branches_worker.mjs');
    const worker = bench.keep(
      await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-BranchesFlow' }),
    );
    const triggered = await run(process.execPath, [file, 'trigger', 'count=3', 'offset=5', '--json'], at);
    expect(triggered.status, triggered.stderr + worker.output()).toBe(0);
    const { pathspec } = lastJson(triggered.stdout)!;
    expect(await ask(bench, pathspec, 'run.data.report')).toEqual({
      numbers: [5, 6, 7],
      total: 18,
      squares: [25, 36, 49],
    });
    expect(await worker.stop()).toBe(0);
  });

  it("says how to install Temporal's SDK where a worker file finds none", async () => {
    const lonely = path.join(bench.directory, 'lonely');
    mkdirSync(lonely);
    cpSync(path.join(bench.directory, 'cli/branches_worker.mjs'), path.join(lonely, 'branches_worker.mjs'));
    const result = await run(process.execPath, ['branches_worker.mjs'], {
      cwd: lonely,
      env: { ...npmEnv, MFT_SDK_PATH: lonely },
    });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('npm install @temporalio/worker');
  });
});
