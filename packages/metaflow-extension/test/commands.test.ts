import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath, PROTOCOL_VERSION } from '../src/index.js';
import { Place, python } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());
const flow = join(place.directory, 'shapes.py');
const echo = join(place.directory, 'echo-mft.mjs');

function run(words: string[], env: NodeJS.ProcessEnv = {}, cwd = place.directory) {
  return spawnSync(python, words, {
    cwd,
    env: { ...place.env, PYTHONPATH: extensionPath(), ...env },
    encoding: 'utf8',
  });
}

describe('temporal inspect', () => {
  it('answers on stdout where no descriptor is named', () => {
    const { stdout, status } = run([flow, '--quiet', 'temporal', 'inspect']);
    expect(status).toBe(0);
    const answer = JSON.parse(stdout) as { protocol: number; flow: object };
    expect(answer).toMatchObject({
      protocol: PROTOCOL_VERSION,
      flow: { file: 'shapes.py', directory: place.directory },
    });
  });

  it('is kept out of the list of what people use', () => {
    const { stdout } = run([flow, '--quiet', 'temporal', '--help']);
    expect(stdout).toMatch(/^ {2}create /m);
    expect(stdout).not.toContain('inspect');
  });
});

describe('temporal create', () => {
  const called = (words: string[], env: NodeJS.ProcessEnv = {}, cwd?: string) => {
    const { stdout, stderr } = run(words, env, cwd);
    const line = stdout.trim().split('\n').at(-1) ?? '';
    expect(line, stderr).toMatch(/^\{/);
    return JSON.parse(line) as { argv: string[]; python: string; cwd: string };
  };

  it('hands the top-level options on as they were typed, and its own flags, to MFT_CLI', () => {
    const top = ['--datastore', 'local', '--with', 'retry:times=2', '--with=timeout:seconds=5'];
    const own = [
      '--max-num-splits',
      '5',
      '--compensate-parallel',
      '4',
      '--exit-hook-timeout',
      '7',
      '--output',
      'w.mjs',
      '--tag',
      'a',
      '--tag',
      'b c',
      '--workflow-timeout',
      '60',
      '--name',
      'nightly',
    ];
    const { argv, python: interpreter, cwd } = called([flow, ...top, 'temporal', 'create', ...own], { MFT_CLI: echo });
    const handed = top.map((word) => `--metaflow-option=${word}`);
    expect(argv.slice(0, 2 + top.length)).toEqual(['create', flow, ...handed]);
    expect(argv.slice(2 + top.length)).toEqual([
      '--output',
      'w.mjs',
      '--name',
      'nightly',
      '--workflow-timeout',
      '60',
      '--max-num-splits',
      '5',
      '--compensate-parallel',
      '4',
      '--exit-hook-timeout',
      '7',
      '--tag',
      'a',
      '--tag',
      'b c',
    ]);
    expect(realpathSync(interpreter)).toBe(realpathSync(python));
    expect(cwd).toBe(place.directory);
  });

  it('takes the file as a word, too', () => {
    expect(called([flow, 'temporal', 'create', 'w.mjs'], { MFT_CLI: echo }).argv).toEqual([
      'create',
      flow,
      '--output',
      'w.mjs',
    ]);
  });

  it('finds mft on PATH, then in node_modules through npx', () => {
    const tool = `#!${process.execPath}\nconsole.log(JSON.stringify({ argv: process.argv.slice(2) }));\n`;
    const bin = join(place.directory, 'bin');
    const modules = join(place.directory, 'project', 'node_modules', '.bin');
    for (const folder of [bin, modules]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'mft'), tool);
      chmodSync(join(folder, 'mft'), 0o755);
    }
    expect(called([flow, 'temporal', 'create'], { PATH: `${bin}${delimiter}${process.env['PATH']}` }).argv[0]).toBe(
      'create',
    );
    // Only node and npx, and what a shell needs: nobody else's mft.
    const tools = join(place.directory, 'tools');
    mkdirSync(tools);
    for (const name of ['node', 'npx', 'npm']) symlinkSync(join(dirname(process.execPath), name), join(tools, name));
    const PATH = [tools, '/usr/bin', '/bin'].join(delimiter);
    expect(called([flow, 'temporal', 'create'], { PATH }, join(place.directory, 'project')).argv[0]).toBe('create');
  });

  it('says what to install where there is no mft', () => {
    const { status, stderr } = run([flow, 'temporal', 'create'], { PATH: '/nowhere' });
    expect(status).toBe(1);
    expect(stderr).toContain('npm install -g @mft/cli');
  });

  it.each([
    [['create', 'worker.py'], 'the worker is a JavaScript file. Name it, for example, worker_worker.mjs.'],
    [['create', '--output', 'worker.PY'], 'the worker is a JavaScript file'],
    [['create', 'a.mjs', '--output', 'b.mjs'], 'Two worker files are named'],
    [['create', '--tag', ''], 'Tags must not be empty'],
  ])('refuses %o', (words, message) => {
    const { status, stderr, stdout } = run([flow, 'temporal', ...words], { MFT_CLI: echo });
    expect(status).toBe(1);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(stdout).toBe('');
  });
});

describe('two copies', () => {
  // What pip makes of `pip install ./packages/metaflow-extension`.
  const site = join(place.directory, 'site-packages');
  const info = join(site, 'metaflow_mft-0.1.0.dist-info');
  cpSync(extensionPath(), site, { recursive: true });
  mkdirSync(info, { recursive: true });
  const root = join(site, 'metaflow_extensions');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.py'));
  writeFileSync(join(info, 'METADATA'), 'Metadata-Version: 2.1\nName: metaflow-mft\nVersion: 0.1.0\n');
  writeFileSync(join(info, 'top_level.txt'), 'metaflow_extensions\n');
  writeFileSync(join(info, 'RECORD'), files.map((file) => `metaflow_extensions/${file},,\n`).join(''));
  const both = { PYTHONPATH: [extensionPath(), site].join(delimiter) };

  it('Metaflow refuses to start with them', () => {
    expect(run(['-c', 'import metaflow'], both).stderr).toContain("Conflicts in 'metaflow_extensions' files");
  });

  it('the one from PYTHONPATH steps aside, also for processes that are started from there', () => {
    const script = [
      'import metaflow_extensions.temporal.once as once; once.step_aside()',
      'import metaflow, os, subprocess, sys',
      'subprocess.run([sys.executable, "-c", "import metaflow_extensions.temporal as t; print(t.__file__)"], check=True)',
    ].join('\n');
    const { stdout, stderr } = run(['-c', script], both);
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe(join(root, 'temporal', '__init__.py'));
  });

  it('an installed one alone adds the commands', () => {
    expect(run([flow, '--quiet', 'temporal', '--help'], { PYTHONPATH: site }).stdout).toContain('create');
  });
});
