import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { compileFlow } from '../src/index.js';
import { cleanEnv, fixture, python, workplace } from './support/flows.js';

const place = workplace();

describe('the extension', () => {
  test('is found once, wherever it is installed as well', async () => {
    const site = join(place.path, 'site');
    cpSync(extensionPath(), site, { recursive: true });
    mkdirSync(join(site, 'metaflow_mft-0.1.0.dist-info'));
    writeFileSync(
      join(site, 'metaflow_mft-0.1.0.dist-info', 'METADATA'),
      'Metadata-Version: 2.1\nName: metaflow-mft\nVersion: 0.1.0\n',
    );
    for (const PYTHONPATH of [site, extensionPath(), [extensionPath(), place.path].join(delimiter)]) {
      const config = await compileFlow(fixture('linear.py'), {
        python,
        cwd: place.path,
        env: cleanEnv(place.path, { PYTHONPATH }),
      });
      expect(config.name).toBe('LinearFlow');
    }
  });
});

test('the example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]+?)```/.exec(readme)![1]!.replace("'hello.py'", JSON.stringify(fixture('linear.py')));
  const run = spawnSync(process.execPath, ['--input-type=module', '-'], {
    // The package finds itself by its own name from here.
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: {
      ...cleanEnv(place.path),
      METAFLOW_PYTHON: python,
      METAFLOW_DATASTORE_SYSROOT_LOCAL: place.path,
    } as NodeJS.ProcessEnv,
    input: example,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  const [name, edges, retry, hash] = run.stdout
    .trim()
    .split('\n')
    .filter((line) => !/^[[\]]$/.test(line));
  expect(name).toBe('LinearFlow metaflow-LinearFlow');
  expect(edges).toContain('start → middle');
  expect(retry).toContain('user: 2');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
});
