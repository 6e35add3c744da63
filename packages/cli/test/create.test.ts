import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { fixture, mft, temporaryFolder } from './support/mft.js';

/** Has Node write the name of each module that it imports into the file `LOADED`. */
const LOADED = new URL('support/loaded.mjs', import.meta.url).href;

describe('mft create', () => {
  it('writes a worker file that node understands, and nothing beside it', async () => {
    const home = await temporaryFolder();
    const { stdout, exitCode } = await mft(home, ['create', fixture('hello.py')]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^HelloFlow is compiled into hello_worker\.mjs\n {2}Task queue {2}metaflow-HelloFlow\n {2}Package {5}\S+\n/,
    );
    expect((await readdir(home)).filter((name) => name.includes('worker'))).toEqual(['hello_worker.mjs']);
    expect((await execa(process.execPath, ['--check', join(home, 'hello_worker.mjs')])).exitCode).toBe(0);
  });

  it('--json names it all; options shape the deployment', async () => {
    const home = await temporaryFolder();
    const args = [
      '--json',
      '-o',
      'w.mjs',
      '--name',
      'night',
      '--task-queue',
      'q',
      '--tag',
      't',
      '--workflow-timeout',
      '60',
    ];
    const { stdout } = await mft(home, ['create', ...args, fixture('hello.py')]);
    const told = JSON.parse(String(stdout)) as Record<string, string>;
    expect(told).toMatchObject({
      name: 'night',
      flow: 'HelloFlow',
      taskQueue: 'q',
      file: expect.stringMatching(/w\.mjs$/),
    });
    expect(told.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFile(told.file!, 'utf8')).toContain(told.hash);
  });

  it('says how many handlers at a time its runs may undo', async () => {
    const home = await temporaryFolder();
    const create = async (...args: string[]) =>
      JSON.parse(String((await mft(home, ['create', '--dry-run', '--json', ...args, fixture('hello.py')])).stdout)) as {
        compensate?: object;
      };
    expect((await create('--compensate-parallel', '4')).compensate).toEqual({ parallel: 4 });
    expect(await create()).not.toHaveProperty('compensate');
    expect(await create('--compensate-parallel', 'many')).toMatchObject({ error: { code: 'INVALID_OPTION' } });
  });

  it('says how many tasks a foreach of its runs may open', async () => {
    const home = await temporaryFolder();
    const create = async (...args: string[]) =>
      JSON.parse(String((await mft(home, ['create', '--dry-run', '--json', ...args, fixture('hello.py')])).stdout)) as {
        maxNumSplits?: number;
      };
    expect((await create('--max-num-splits', '1000')).maxNumSplits).toBe(1000);
    expect(await create()).not.toHaveProperty('maxNumSplits');
    for (const wrong of ['0', '-1', '2.5', 'many'])
      expect(await create(`--max-num-splits=${wrong}`)).toMatchObject({ error: { code: 'INVALID_OPTION' } });
  });

  it('says how long an exit hook may take, where the flow has any', async () => {
    const home = await temporaryFolder();
    const create = async (...args: string[]) =>
      JSON.parse(String((await mft(home, ['create', '--dry-run', '--json', ...args])).stdout)) as {
        exitHooks?: object;
      };
    const hooked = fileURLToPath(new URL('../../../examples/forecast.py', import.meta.url));
    const names = { success: ['announce'], error: ['alarm'] };
    expect((await create(hooked, '--exit-hook-timeout', '90')).exitHooks).toEqual({ ...names, timeout: 90 });
    expect((await create(hooked)).exitHooks).toEqual(names);
    expect(await create(fixture('hello.py'), '--exit-hook-timeout', '90')).not.toHaveProperty('exitHooks');
    for (const wrong of ['0', '1.5', '604801'])
      expect(await create(hooked, '--exit-hook-timeout', wrong)).toMatchObject({ error: { code: 'INVALID_OPTION' } });
  });

  it('takes the file as a second word, too', async () => {
    const home = await temporaryFolder();
    expect((await mft(home, ['create', fixture('hello.py'), 'second.mjs'])).exitCode).toBe(0);
    expect(await readdir(home)).toContain('second.mjs');
  });
});

describe('mft graph', () => {
  it.each([
    ['mermaid', /^flowchart TD\n/],
    ['dot', /^digraph "ShapesFlow" \{\n/],
    ['json', /^\{\n {2}"name": "ShapesFlow"/],
  ])('prints %s', async (format, beginning) => {
    const { stdout, stderr, exitCode } = await mft(await temporaryFolder(), [
      'graph',
      fixture('shapes.py'),
      '--format',
      format,
    ]);
    expect(stdout).toMatch(beginning);
    expect(stdout).toContain('gather');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });
});

describe('mft', () => {
  it('says its version and its help without loading anything heavy', async () => {
    const home = await temporaryFolder();
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect((await mft(home, ['--version'])).stdout).toBe(version);
    const list = join(home, 'loaded');
    await mft(home, ['--help'], { env: { NODE_OPTIONS: `--import ${LOADED}`, LOADED: list } });
    const packages = (await readFile(list, 'utf8')).matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/g);
    // Neither Temporal's SDK, nor what starts processes, nor what asks and draws.
    expect([...new Set([...packages].map(([, name]) => name))].sort()).toEqual(['commander', 'picocolors']);
  });

  it('alone prints its help', async () => {
    const { stdout, exitCode } = await mft(await temporaryFolder(), []);
    expect(stdout).toMatch(/^Usage: mft/);
    expect(exitCode).toBe(0);
  });
});
