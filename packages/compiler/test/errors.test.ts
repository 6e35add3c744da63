import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileFlow, findPython } from '../src/index.js';
import { cleanEnv, compile, fixture, python, refusal, workplace } from './support/flows.js';

const place = workplace();
const of = (name: string, options: string[] = [], vars: Record<string, string> = {}) =>
  refusal(compile(place.path, name, { options, vars }));

describe('a file that is no flow', () => {
  test('missing', async () => {
    const error = await of('nowhere.py');
    expect(error.code).toBe('FLOW_NOT_FOUND');
    expect(error.message).toBe(`There is no file "${fixture('nowhere.py')}".`);
    expect(error.hint).toContain('mft run my_flow.py');
  });

  test.each(['not_a_flow.py', 'no_guard.py', 'own_arguments.py', 'table.csv', 'settings.json', '.'])(
    '%s',
    async (name) => {
      const error = await of(name);
      expect(error.code).toBe('NOT_A_FLOW');
      expect(error.message).toContain(name === '.' ? 'is a directory' : name);
      expect(error.hint).toMatch(/__main__|my_flow\.py/);
    },
  );
});

describe('an invalid flow is refused in Metaflow’s own words', () => {
  test.each([
    [
      'invalid_unjoined.py',
      'was reached before a split started at step(s) *a, b* were joined. Add a join step before *end*.',
    ],
    ['invalid_target.py', 'Step *start* specifies a self.next() transition to an unknown step, *nowhere*.'],
    ['invalid_parameter.py', "Parameter name 'tags' is a reserved word."],
    ['invalid_retry.py', 'The maximum number of retries is @retry(times=4).'],
  ])('%s', async (name, message) => {
    const error = await of(name);
    expect(error.code).toBe('INVALID_FLOW');
    expect(error.message).toContain(message);
    expect(error.hint).toContain(`${fixture(name)} check`);
  });

  test('with file and line, where Metaflow names them', async () => {
    const error = await of('invalid_target.py');
    expect(error.message).toContain(
      `Validity checker found an issue in file ${fixture('invalid_target.py')} on line 7: `,
    );
  });
});

describe('the flow’s own code fails', () => {
  test('at import: the end of its traceback', async () => {
    const error = await of('raises.py');
    expect(error.code).toBe('FLOW_CRASHED');
    expect(error.message).toContain('raises ValueError: no such luck\n');
    expect(error.message).toContain('line 5, in deep');
  });

  test('a module is missing: how to install it', async () => {
    const error = await of('import_error.py');
    expect(error.code).toBe('FLOW_CRASHED');
    expect(error.message).toContain("No module named 'no_such_module_anywhere'");
    expect(error.hint).toContain('-m pip install no_such_module_anywhere');
  });

  test('a syntax error: file, line and text', async () => {
    const error = await of('syntax_error.py');
    expect(error.code).toBe('FLOW_CRASHED');
    expect(error.message).toContain('line 3');
    expect(error.message).toContain('class BrokenFlow(FlowSpec:');
  });

  test('it ends by itself: what it said', async () => {
    const error = await of('exits.py');
    expect(error.code).toBe('FLOW_CRASHED');
    expect(error.message).toContain('This machine has no database.');
  });
});

describe('options that Metaflow refuses', () => {
  test.each([
    [['--nonsense', '3'], 'no such option: --nonsense'],
    [['--datastore', 's4'], 'invalid choice: s4'],
    [['--datastore', 's3'], 'METAFLOW_DATASTORE_SYSROOT_S3'],
    [['--with', 'nonsense'], 'Unknown step decorator *nonsense*'],
  ])('%o', async (options, message) => {
    const error = await of('linear.py', options);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(message);
    expect(error.hint).toContain('--help');
  });

  test('a config file that is not there', async () => {
    const error = await of('configs.py', ['--config', 'settings', 'nowhere.json']);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain("configuration file 'nowhere.json' could not be read for 'settings'");
  });

  test('a tag that is none, a name that is none', async () => {
    expect((await refusal(compile(place.path, 'linear.py', { tags: ['x'.repeat(600)] }))).code).toBe('INVALID_OPTION');
    expect((await refusal(compile(place.path, 'linear.py', { name: 'a b' }))).code).toBe('INVALID_NAME');
  });

  test('nobody knows who runs it', async () => {
    const error = await of('linear.py', [], { METAFLOW_USER: '', USER: '', USERNAME: '', SUDO_USER: '' });
    expect(error.code).toBe('UNKNOWN_USER');
    expect(error.hint).toBe('Say who you are: export METAFLOW_USER=yourname');
  });
});

describe('Python', () => {
  async function fakePython(name: string, answer: object): Promise<string> {
    const path = join(place.path, name);
    await writeFile(
      path,
      `#!/bin/sh\necho '${JSON.stringify({ executable: path, extension: null, protocol: null, ...answer })}'\n`,
    );
    await chmod(path, 0o755);
    return path;
  }

  test('as METAFLOW_PYTHON names it, else the virtual environment’s, else python3 on PATH', async () => {
    const real = await findPython({ ...cleanEnv(place.path), METAFLOW_PYTHON: python });
    expect(real).toContain('python');
    const venv = join(place.path, 'venv', 'bin');
    await mkdir(venv, { recursive: true });
    await fakePython('venv/bin/python', { python: [3, 12, 0], metaflow: '2.19.1' });
    await fakePython('venv/bin/python3', { python: [3, 12, 0], metaflow: '2.19.1' });
    expect(await findPython({ PATH: '/usr/bin:/bin', VIRTUAL_ENV: join(place.path, 'venv') })).toBe(
      join(venv, 'python'),
    );
    expect(await findPython({ PATH: `${venv}:/usr/bin:/bin` })).toBe(join(venv, 'python3'));
    expect(await findPython({ METAFLOW_PYTHON: python, VIRTUAL_ENV: join(place.path, 'venv'), PATH: venv })).toBe(real);
  });

  test.each([
    ['PYTHON_NOT_FOUND', '/nowhere/python', undefined, 'METAFLOW_PYTHON='],
    ['PYTHON_NOT_FOUND', '/bin/true', undefined, 'METAFLOW_PYTHON='],
    ['PYTHON_TOO_OLD', 'old', { python: [3, 8, 18], metaflow: '2.12.0' }, 'METAFLOW_PYTHON='],
    ['METAFLOW_NOT_FOUND', 'bare', { python: [3, 11, 7], metaflow: null }, '-m pip install metaflow'],
    ['METAFLOW_TOO_OLD', 'stale', { python: [3, 11, 7], metaflow: '2.15.21' }, '-m pip install --upgrade metaflow'],
  ])('%s: %s', async (code, name, answer, hint) => {
    const path = answer === undefined ? name : await fakePython(name, answer);
    const error = await refusal(findPython({ METAFLOW_PYTHON: path, PATH: process.env['PATH'] }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path);
    expect(error.hint).toContain(hint);
  });

  test('an extension of someone else under the same name', async () => {
    const stranger = join(place.path, 'stranger', 'metaflow_extensions', 'temporal');
    await mkdir(stranger, { recursive: true });
    await writeFile(join(stranger, '__init__.py'), '');
    const env = cleanEnv(place.path, { PYTHONPATH: join(place.path, 'stranger') });
    const error = await refusal(compileFlow(fixture('linear.py'), { python, env, cwd: place.path }));
    expect(error.code).toBe('EXTENSION_MISMATCH');
    expect(error.message).toContain(stranger);
  });
});
