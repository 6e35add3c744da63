import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the example of the README runs and prints what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]+?)```/.exec(readme)![1]!;
  const run = spawnSync(process.execPath, ['--input-type=module', '-'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    input: example,
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.stdout.trim().split('\n').slice(-3)).toEqual(['3', 'temporal-HelloFlow_x3a_2026', 'temporal-greet-1-0']);
  expect(run.stdout).toContain('s_start -->|"each of names"| s_greet');
});
