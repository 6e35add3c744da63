import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UNHURRIED } from '@mft/testing';
import type { ResultPromise } from 'execa';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureServer, type LocalServer } from '../src/server/ensure.js';
import { cleanEnv, fixture, mft, temporaryFolder } from './support/mft.js';

const UNREACHABLE = '127.0.0.1:1';

/** The object that `--json` printed. */
const json = (stdout: unknown) => JSON.parse(String(stdout).trim().split('\n').at(-1)!) as Record<string, unknown>;

describe('mft create, with no server in reach', () => {
  it('says that the deployment is not on record, and how it will be', async () => {
    const home = await temporaryFolder();
    const { stdout, exitCode } = await mft(home, ['create', fixture('hello.py')]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /\n {2}Recorded {4}not yet: no Temporal server is known here; the worker file does so when it runs/,
    );
    expect(stdout).toContain('\n  Trigger it  node hello_worker.mjs trigger key=value …');
  });

  it('named by the environment: warns, and deploys all the same', async () => {
    const home = await temporaryFolder();
    const { stdout, stderr, exitCode } = await mft(home, ['create', '--json', fixture('hello.py')], {
      env: { TEMPORAL_ADDRESS: UNREACHABLE },
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`warning: No Temporal server answers at ${UNREACHABLE}.`);
    expect(json(stdout)).toMatchObject({ recorded: false, createdAt: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  it('named on the command line: fails, and saves nothing', async () => {
    const home = await temporaryFolder();
    const { stderr, exitCode } = await mft(home, ['create', fixture('hello.py'), '--address', UNREACHABLE]);
    expect(stderr).toContain('Error [CONNECTION_FAILED]');
    expect(exitCode).toBe(1);
    expect(await readdir(home)).toEqual([]);
  });

  it('--dry-run prints what would be deployed, and saves nothing', async () => {
    const home = await temporaryFolder();
    for (const flag of ['--dry-run', '--only-json']) {
      const { stdout, exitCode } = await mft(home, [
        'create',
        fixture('hello.py'),
        flag,
        '--max-workers',
        '3',
        '--name',
        'x',
      ]);
      expect(exitCode).toBe(0);
      const { package: saved, ...config } = JSON.parse(String(stdout)) as Record<string, unknown>;
      expect(config).toMatchObject({ version: 1, name: 'x', taskQueue: 'metaflow-x', maxWorkers: 3 });
      expect(saved).toBeUndefined();
    }
    expect(await readdir(home)).toEqual([]);
  });
});

describe('mft serve', () => {
  let server: LocalServer;
  let home: string;
  const started: ResultPromise[] = [];

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'mft-serve-'));
    server = await ensureServer({ env: cleanEnv(home), headless: true });
  }, 120_000);
  afterAll(async () => {
    for (const process of started) process.kill('SIGKILL');
    await server.stop();
    await execa('rm', ['-rf', home]);
  });

  /** A serving process, and the line that it prints when it polls. */
  async function serve(): Promise<{ serving: ResultPromise; ready: Record<string, unknown> }> {
    const serving = mft(home, ['serve', '--json', '--grace', '5']);
    started.push(serving);
    const line = await new Promise<string>((resolve, reject) => {
      serving.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      serving.then(({ stderr }) => reject(new Error(String(stderr))), reject);
    });
    return { serving, ready: json(line) };
  }

  it('runs what was created before and what is created meanwhile, without any flow file, until SIGTERM', async () => {
    const other = await temporaryFolder();
    const state = { MFT_STATE_DIR: join(home, 'state') };
    const create = (name: string) =>
      mft(other, ['create', '--json', '--name', name, '-o', `${name}.mjs`, fixture('hello.py')], { env: state });
    expect(json((await create('before')).stdout)).toMatchObject({ recorded: true });
    const { serving, ready } = await serve();
    expect(ready).toMatchObject({ status: 'serving', address: server.address, deployments: ['before'] });
    await create('meanwhile');
    for (const name of ['before', 'meanwhile']) {
      const { stdout, exitCode } = await mft(home, ['trigger', name, 'greeting=hi', '--wait', '--json']);
      const { status, error } = json(stdout);
      expect({ exitCode, status, error }).toEqual({ exitCode: 0, status: 'completed', error: undefined });
    }
    serving.kill('SIGTERM');
    const { exitCode, stderr } = await serving;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/\[temporal-before-\w+\/start\] says hihi/);
    expect(stderr).toContain('SIGTERM: no new tasks');
  }, 120_000);

  it('finds what a worker file has recorded that was made without a server', async () => {
    const alone = await temporaryFolder();
    const { stdout } = await mft(alone, ['create', '--json', '--name', 'carried', '-o', 'w.mjs', fixture('hello.py')]);
    expect(json(stdout)).toMatchObject({ recorded: false });
    const env = cleanEnv(alone, { TEMPORAL_ADDRESS: server.address, MFT_SDK_PATH: process.cwd() });
    const worker = execa(process.execPath, [join(alone, 'w.mjs')], {
      env,
      extendEnv: false,
      reject: false,
      ...UNHURRIED,
    });
    onTestFinished(async () => {
      worker.kill('SIGTERM');
      await worker;
    });
    await new Promise<void>((resolve, reject) => {
      worker.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('carried: recorded')) resolve();
      });
      void worker.then(({ stderr }) => reject(new Error(stderr)));
    });
    expect((await mft(home, ['list'])).stdout).toMatch(/^carried +HelloFlow +yes/m);
  }, 60_000);
});
