import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { ROOT, python } from '../../lib/paths.mjs';

/** What the numbers were taken on. */
export function machine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    load: loadavg().map((number) => Number(number.toFixed(1))),
  };
}

/** What was measured. */
export function versions() {
  return {
    node: process.version,
    python: ask(python(), ['-c', 'import platform; print(platform.python_version())']),
    metaflow: ask(python(), ['-c', 'import metaflow; print(metaflow.__version__)']),
    commit: ask('git', ['rev-parse', '--short', 'HEAD']),
  };
}

/** @param {string} program @param {readonly string[]} args */
function ask(program, args) {
  try {
    return execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
