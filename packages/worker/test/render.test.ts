import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canonicalJson, type FlowConfig } from '@mft/graph';
import { execa, type Options } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { renderWorkerFile } from '../src/index.js';
import { config } from './support/graphs.js';

const require = createRequire(import.meta.url);
const SDK = dirname(dirname(dirname(require.resolve('@temporalio/worker/package.json'))));
const built = (require('@temporalio/worker/package.json') as { version: string }).version;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mft-render-'));
  file = join(folder, 'hello_worker.mjs');
  await writeFile(file, await renderWorkerFile(config, { fileName: 'hello_worker.mjs' }));
});

/** Run the file; nothing of this repository is on its way unless `env` says so. */
function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, options: Options = {}) {
  return execa(process.execPath, [file, ...args], {
    reject: false,
    extendEnv: false,
    cwd: folder,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: folder,
      TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'),
      MFT_SDK_PATH: SDK,
      ...env,
    },
    ...options,
  });
}

describe('the text', () => {
  test('is the same for the same config', async () => {
    const copy = JSON.parse(JSON.stringify(config)) as FlowConfig;
    const [a, b] = await Promise.all([renderWorkerFile(config), renderWorkerFile(copy)]);
    expect(a === b).toBe(true);
  });

  test('begins with what it is, how to run it, its hash and its needs', async () => {
    const hash = createHash('sha256').update(canonicalJson(config)).digest('hex');
    const head = (await readFile(file, 'utf8')).split('\n').slice(0, 12).join('\n');
    expect(head).toContain('#!/usr/bin/env node');
    expect(head).toContain('HelloFlow on Temporal, made by mft');
    expect(head).toContain('node hello_worker.mjs trigger greeting=…');
    expect(head).toContain(hash);
    expect(head).toContain(`npm install @temporalio/worker@${built}`);
  });

  test('differs where the config differs', async () => {
    expect((await renderWorkerFile({ ...config, tags: ['x'] })) === (await renderWorkerFile(config))).toBe(false);
  });

  test('imports nothing but Node', async () => {
    const imports = [...(await readFile(file, 'utf8')).matchAll(/^import .* from ['"]([^'"]+)['"];?$/gm)].map(
      (match) => match[1]!,
    );
    const builtin = new Set((await import('node:module')).builtinModules);
    expect(imports.length).toBeGreaterThan(3);
    expect(imports.filter((name) => !builtin.has(name.replace(/^node:/, '')))).toEqual([]);
  });
});

describe('the command line', () => {
  test('--help names the commands and the connection', async () => {
    const { stdout, exitCode } = await run(['--help'], { MFT_SDK_PATH: folder });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('trigger [options] [parameter=value...]');
    expect(stdout).toContain('--address <host:port>');
  });

  test('trigger --help lists the parameters', async () => {
    const { stdout } = await run(['trigger', '--help']);
    expect(stdout).toContain('greeting  str, required, whom */ to');
    expect(stdout).toContain('count     int, default 3');
  });

  test.each([
    [['trigger'], 'MISSING_PARAMETER', 'greeting=…'],
    [['trigger', 'greting=x'], 'UNKNOWN_PARAMETER', 'Did you mean "greeting"?'],
    [['trigger', 'greeting=x', 'count=many'], 'INVALID_PARAMETER', 'count'],
  ])('%j: exit 2 before anything is connected to', async (args, code, hint) => {
    const { stderr, exitCode } = await run([...args, '--address', '127.0.0.1:1'], { MFT_SDK_PATH: folder });
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('    at ');
    expect(exitCode).toBe(2);
  });

  test.each([[['nonsense']], [['--no-such-flag']], [['--max-workers', '0']], [['--mode', 'magic']]])(
    '%j: exit 2',
    async (args) => {
      expect((await run(args)).exitCode).toBe(2);
    },
  );

  test('an unreachable server: one sentence, a hint, exit 1', async () => {
    for (const args of [[], ['trigger', 'greeting=x']]) {
      const { stderr, exitCode } = await run([...args, '--address', '127.0.0.1:1']);
      expect(String(stderr).trim()).toBe(
        'Error [CONNECTION_FAILED]: No Temporal server answers at 127.0.0.1:1.\n  Start one with "mft server", or name another with --address or TEMPORAL_ADDRESS.',
      );
      expect(exitCode).toBe(1);
    }
  });

  test('--debug shows where an error came from', async () => {
    const { stderr } = await run(['--debug', '--address', '127.0.0.1:1']);
    expect(stderr).toMatch(/\n {4}at /);
  });
});

describe("Temporal's SDK", () => {
  test.each([[[]], [['trigger', 'greeting=x']]])('is missing (%j): one sentence, the command, exit 2', async (args) => {
    const empty = await mkdtemp(join(tmpdir(), 'mft-empty-'));
    const { stderr, exitCode } = await run(args, { MFT_SDK_PATH: empty });
    expect(stderr).toContain(
      `Temporal's SDK, @temporalio/worker ${built.replace(/\.\d+$/, '')}, is not installed: looked in ${empty}.`,
    );
    expect(stderr).toContain(`npm install @temporalio/worker@${built}`);
    expect(stderr).not.toContain('    at ');
    expect(exitCode).toBe(2);
  });

  test('of another minor version is refused; both versions are named', async () => {
    const place = await fakeSdk('1.9.3');
    const { stderr, exitCode } = await run([], { MFT_SDK_PATH: place });
    expect(stderr).toContain('@temporalio/worker 1.9.3 in ');
    expect(stderr).toContain(`made with ${built}`);
    expect(exitCode).toBe(2);
  });

  test('of another patch version is taken', async () => {
    const place = await fakeSdk(built.replace(/\d+$/, '99'));
    const { stderr } = await run([], { MFT_SDK_PATH: place });
    expect(stderr).toContain('the SDK of this test was loaded');
  });

  test('a misfit beside the file does not hide a fitting one elsewhere', async () => {
    const { stderr } = await run(['--address', '127.0.0.1:1'], {
      MFT_SDK_PATH: [await fakeSdk('1.9.3'), SDK].join(':'),
    });
    expect(stderr).toContain('CONNECTION_FAILED');
  });

  test('is found beside the file, wherever it is copied to, and in the working directory', async () => {
    const project = await mkdtemp(join(tmpdir(), 'mft-project-'));
    await mkdir(join(project, 'node_modules'));
    await symlink(join(SDK, '@temporalio'), join(project, 'node_modules', '@temporalio'));
    const away = await mkdtemp(join(tmpdir(), 'mft-away-'));
    const copy = join(project, 'deep.mjs');
    await copyFile(file, copy);
    const args = ['--address', '127.0.0.1:1'];
    const env = { PATH: '/usr/bin:/bin', HOME: folder, TEMPORAL_CONFIG_FILE: join(folder, 'none.toml') };
    const beside = await execa(process.execPath, [copy, ...args], { reject: false, extendEnv: false, cwd: away, env });
    expect(beside.stderr).toContain('CONNECTION_FAILED');
    const inWorkingDirectory = await run(args, { MFT_SDK_PATH: '' }, { cwd: project });
    expect(inWorkingDirectory.stderr).toContain('CONNECTION_FAILED');
  });

  test('trigger loads the client, never the worker', async () => {
    const spy = join(folder, 'spy.cjs');
    await writeFile(
      spy,
      `process.on('exit', () => console.log(JSON.stringify(Object.keys(require('module')._cache).filter((f) => f.includes('@temporalio')).map((f) => /@temporalio\\/([^/]+)/.exec(f)[1]))));`,
    );
    const { stdout } = await run(['trigger', 'greeting=x', '--address', '127.0.0.1:1'], {
      NODE_OPTIONS: `--require=${spy}`,
    });
    const loaded = new Set(JSON.parse(String(stdout).trim().split('\n').at(-1)!) as string[]);
    expect(loaded).toContain('client');
    expect(loaded).not.toContain('worker');
    expect(loaded).not.toContain('core-bridge');
  });
});

test('the extension is unpacked once, whole, also by two workers at once', async () => {
  const { unpackExtension } = await import('../src/runtime/extension.js');
  const { readTree } = await import('../src/render/tree.js');
  const { extensionPath } = await import('@mft/metaflow-extension');
  const cache = await mkdtemp(join(tmpdir(), 'mft-cache-'));
  const files = await readTree(extensionPath());
  expect(Object.keys(files).length).toBeGreaterThan(3);
  const paths = await Promise.all(
    [1, 2, 3].map(() => unpackExtension({ hash: 'abc', files }, { XDG_CACHE_HOME: cache })),
  );
  expect(new Set(paths).size).toBe(1);
  expect(await readTree(paths[0]!)).toEqual(files);
  expect(await readdir(join(cache, 'mft', 'extension'))).toEqual(['abc']);
});

/** Packages that have nothing of the SDK but their names and a version. */
async function fakeSdk(version: string): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'mft-sdk-'));
  for (const name of ['worker', 'activity', 'common', 'client']) {
    const folder = join(place, 'node_modules', '@temporalio', name);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ name: `@temporalio/${name}`, version, main: 'index.js' }),
    );
    await writeFile(join(folder, 'index.js'), `throw new Error('the SDK of this test was loaded');`);
  }
  return place;
}
