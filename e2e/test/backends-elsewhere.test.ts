import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials } from '../lib/backends.mjs';
import { startGateway, type Gateway } from '../lib/gateway.mjs';
import { MFT } from '../lib/paths.mjs';
import { lastJson, mft, run } from '../lib/process.mjs';
import { historyOf } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { defaults, here, readerOf, REMOTE, SUFFIXES, useBackends } from './backends.js';
import { ask, useBench, type Bench } from './support.js';

const SEEN = '[run.successful, run.data.values, run.data.word, run.data.lines[0], run.data.unit, run.data.python]';
const minor = (python: string) => /python(3\.\d+)/.exec(python)?.[1];

/** A copy of the flow, which the test deletes, and the worker file made of it. */
async function deploy(bench: Bench, env: Record<string, string>, options: string[]): Promise<string> {
  const source = path.join(bench.directory, 'src');
  cpSync(path.dirname(REMOTE), source, { recursive: true });
  const file = path.join(bench.directory, 'remote_worker.mjs');
  await createWorkerFile(path.join(source, 'remote.py'), file, {
    cwd: bench.directory,
    env,
    options: [SUFFIXES, ...options],
  });
  rmSync(source, { recursive: true });
  return file;
}

/** Another machine: another home, another cache, another folder to stand in, and nothing of the flow. */
function elsewhere(bench: Bench, name: string, extra: Record<string, string>) {
  const home = path.join(bench.directory, name, 'home');
  const cwd = path.join(bench.directory, name, 'work');
  for (const folder of [home, cwd]) mkdirSync(folder, { recursive: true });
  const env: Record<string, string> = {
    TEMPORAL_ADDRESS: bench.address,
    TELL_PYTHON: 'yes',
    METAFLOW_PYTHON: bench.env.METAFLOW_PYTHON!,
  };
  for (const variable of ['PATH', 'LANG', 'TMPDIR', 'TERM']) {
    const value = process.env[variable];
    if (value !== undefined) env[variable] = value;
  }
  return { cwd, env: { ...env, HOME: home, USER: 'somebody-else', NO_COLOR: '1', ...extra } };
}

describe.runIf(here.s3 && here.service && here.otherPython)(
  'on another machine, with S3 and the metadata service',
  () => {
    const bench = useBench();
    const backends = useBackends();
    const key = 'key-of-the-service-7f3a';
    let gateway: Gateway;
    beforeAll(async () => {
      gateway = await startGateway(backends.service, { key });
    });
    afterAll(() => gateway?.stop());

    it('a worker with another Python runs what was deployed, with nothing but its own credentials', async () => {
      const env = {
        ...bench.env,
        ...defaults('s3', 'service', gateway.url),
        ...backends.bucket('elsewhere'),
        METAFLOW_SERVICE_AUTH_KEY: key,
      };
      const file = await deploy(bench, env, ['--datastore=s3', '--metadata=service']);
      const written = readFileSync(file, 'utf8');
      rmSync(file);
      // The deployment is on record in Temporal: nothing of it is here.
      const there = elsewhere(bench, 'machine', {
        ...credentials(),
        METAFLOW_SERVICE_AUTH_KEY: key,
        METAFLOW_PYTHON: here.otherPython!,
      });
      const taskQueue = 'metaflow-RemoteFlow';
      bench.keep(await startWorker(MFT, { ...there, client: bench.client, taskQueue, args: ['serve'] }));
      const triggered = await mft(['trigger', 'RemoteFlow', 'wide=4', '--wait', '--json'], there);
      expect(triggered.status, triggered.stderr).toBe(0);
      const { pathspec, workflowId } = lastJson(triggered.stdout)!;

      const reader = readerOf(bench, env);
      expect(await ask(reader, pathspec, SEEN)).toEqual([
        ...[true, [0, 41, 82, 123], 'HEAT!', 'Dear reader,', 'kelvin'],
        minor(here.otherPython!),
      ]);
      const more =
        '["user:tester" in run.tags, run["measure"].task.code.script_name, b"class Note" in run.code.flowspec]';
      expect(await ask(reader, pathspec, more)).toEqual([true, 'remote.py', true]);
      // The file never lay there, and nothing was written where it was not asked for.
      expect(readdirSync(there.cwd)).toEqual([]);

      const secrets = [key, ...Object.values(credentials()).filter((value) => value.includes('secret'))];
      const history = JSON.stringify(await historyOf(bench.client, workflowId));
      for (const secret of secrets) {
        expect(written).not.toContain(secret);
        expect(history).not.toContain(secret);
        expect(history).not.toContain(Buffer.from(secret).toString('base64'));
      }
      expect(gateway.requests.filter(({ status }) => status === 403)).toEqual([]);
    }, 400_000);
  },
);

describe('on another machine, with a datastore in a folder', () => {
  const bench = useBench();

  it("the deployment's own root is used, unless the worker has another", async () => {
    const file = await deploy(bench, bench.env, []);
    const plain = elsewhere(bench, 'same-root', {});
    const first = bench.keep(
      await startWorker(file, { ...plain, client: bench.client, taskQueue: 'metaflow-RemoteFlow' }),
    );
    const one = await run(process.execPath, [file, 'trigger', '--json'], plain);
    expect(one.status, one.stderr).toBe(0);
    const baked = lastJson(one.stdout)!;
    expect(await ask(bench, baked.pathspec, SEEN)).toEqual([
      ...[true, [0, 41, 82], 'HEAT!', 'Dear reader,', 'kelvin'],
      expect.stringMatching(/^3\./),
    ]);
    expect(readdirSync(plain.cwd)).toEqual([]);
    expect(await first.stop()).toBe(0);

    // The same datastore, found in another place there: a network drive.
    const mounted = path.join(bench.directory, 'mounted');
    mkdirSync(mounted);
    renameSync(path.join(bench.directory, '.metaflow'), path.join(mounted, '.metaflow'));
    const moved = elsewhere(bench, 'other-root', { METAFLOW_DATASTORE_SYSROOT_LOCAL: mounted });
    bench.keep(await startWorker(file, { ...moved, client: bench.client, taskQueue: 'metaflow-RemoteFlow' }));
    const two = await run(process.execPath, [file, 'trigger', '--json', 'letter=/dev/null'], moved);
    expect(two.status, two.stderr).toBe(0);
    const own = lastJson(two.stdout)!;
    expect(existsSync(path.join(mounted, '.metaflow', own.pathspec, 'end'))).toBe(true);
    expect(existsSync(path.join(bench.directory, '.metaflow'))).toBe(false);
    expect(readdirSync(moved.cwd)).toEqual([]);
    const env = { ...bench.env, METAFLOW_DATASTORE_SYSROOT_LOCAL: mounted };
    const reader = readerOf(bench, env, mounted);
    expect(await ask(reader, own.pathspec, '[run.code.script_name, run.data.lines]')).toEqual(['remote.py', []]);
  }, 300_000);
});
