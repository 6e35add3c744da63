import { mkdtempSync, mkdirSync, writeFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheDirectoryOf, launcherEnvironment, pythonOf, retryWaitOf } from '../src/environment.js';

const folder = mkdtempSync(join(tmpdir(), 'mft-environment-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('launcherEnvironment', () => {
  const environment = { METAFLOW_DATASTORE_SYSROOT_LOCAL: '/compiled', METAFLOW_USER: 'ann' };

  it("prefers the worker's own variables", () => {
    const own = { METAFLOW_DATASTORE_SYSROOT_LOCAL: '/own', PYTHONPATH: '/mine', PATH: '/bin' };
    expect(launcherEnvironment({ environment }, { extensionPath: '/ext' }, own, '/venv/bin/python')).toEqual({
      METAFLOW_DATASTORE_SYSROOT_LOCAL: '/own',
      METAFLOW_USER: 'ann',
      PYTHONPATH: `/ext${delimiter}/mine`,
      PATH: `/venv/bin${delimiter}/bin`,
    });
  });
  it('leaves no empty entry on a path, which would mean the working directory', () => {
    const env = launcherEnvironment(
      { environment },
      { extensionPath: '/ext' },
      { PYTHONPATH: '', PATH: '' },
      '/venv/bin/python',
    );
    expect(env).toMatchObject({ PYTHONPATH: '/ext', PATH: '/venv/bin' });
  });
  it('leaves PATH alone where the interpreter is found by it', () => {
    expect(launcherEnvironment({ environment }, {}, { PATH: '/bin' }, 'python3')['PATH']).toBe('/bin');
  });
});

describe('pythonOf', () => {
  const venv = join(folder, 'venv');
  const compiled = join(folder, 'compiled-python');
  mkdirSync(join(venv, 'bin'), { recursive: true });
  writeFileSync(join(venv, 'bin', 'python'), '');
  writeFileSync(compiled, '');

  it.each([
    ['/asked', { python: '/asked' }, { METAFLOW_PYTHON: '/env', VIRTUAL_ENV: venv }, compiled],
    ['/env', {}, { METAFLOW_PYTHON: '/env', VIRTUAL_ENV: venv }, compiled],
    [join(venv, 'bin', 'python'), {}, { VIRTUAL_ENV: venv }, compiled],
    [compiled, {}, { VIRTUAL_ENV: '/gone' }, compiled],
    ['python3', {}, {}, '/gone/python'],
  ])('is %s', (expected, options, env, interpreter) => expect(pythonOf({ interpreter }, options, env)).toBe(expected));
});

describe('cacheDirectoryOf', () => {
  it('follows XDG', () => expect(cacheDirectoryOf({}, { XDG_CACHE_HOME: '/x' })).toBe('/x/mft'));
  it('takes what it is given', () => expect(cacheDirectoryOf({ cacheDirectory: '/y' }, {})).toBe('/y'));
});

describe('retryWaitOf', () => {
  it.each([
    [undefined, {}, {}],
    [undefined, {}, { METAFLOW_TEMPORAL_RETRY_WAIT: ' ' }],
    [0, {}, { METAFLOW_TEMPORAL_RETRY_WAIT: '0' }],
    [0.5, {}, { METAFLOW_TEMPORAL_RETRY_WAIT: '0.5' }],
    [0, { retryWait: 0 }, { METAFLOW_TEMPORAL_RETRY_WAIT: '3' }],
  ])('is %s for %j and %j', (expected, options, env) => expect(retryWaitOf(options, env)).toBe(expected));
  it.each(['soon', '-1', 'NaN'])('refuses %j', (text) => {
    expect(() => retryWaitOf({}, { METAFLOW_TEMPORAL_RETRY_WAIT: text })).toThrow(
      `The wait between attempts is "${text}", which is no number of minutes.`,
    );
  });
});
