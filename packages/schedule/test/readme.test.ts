import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

test("the README's first program runs where nothing but this package is installed, and prints what it says", () => {
  const [, example = ''] = /```js\n([\s\S]+?)```/.exec(readFileSync(join(PACKAGE, 'README.md'), 'utf8')) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'mft-schedule-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const installed = join(folder, 'node_modules/@mft/schedule');
  mkdirSync(installed, { recursive: true });
  for (const part of ['dist', 'package.json']) cpSync(join(PACKAGE, part), join(installed, part), { recursive: true });
  const parser = dirname(createRequire(import.meta.url).resolve('cron-parser/package.json'));
  symlinkSync(parser, join(folder, 'node_modules/cron-parser'));
  writeFileSync(join(folder, 'due.mjs'), example);
  const { stdout, stderr } = spawnSync(process.execPath, ['due.mjs'], { cwd: folder, encoding: 'utf8' });
  const said = [...example.matchAll(/^\/\/ (.+)$/gm)].map(([, line]) => line);
  expect([stderr, stdout.trim().split('\n')]).toEqual(['', said]);
});
