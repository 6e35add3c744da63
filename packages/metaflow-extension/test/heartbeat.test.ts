import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { python } from './launcher.js';

it('what sends heartbeats to a service is the only child of a fork that waits, and none of what runs no step', () => {
  const script = `
import os
from metaflow_extensions.temporal.launcher import heartbeat
from metaflow_extensions.temporal.launcher.settings import Settings

def child():
    try:
        return "alive" if os.waitpid(-1, os.WNOHANG) == (0, 0) else "ended"
    except ChildProcessError:
        return "none"

for metadata in ("local", "service"):
    heartbeat.prepare(Settings.read({"file": "flow.py", "options": ["--metadata=" + metadata]}))
    print(child())
heartbeat.drop()
print(child())`;
  const env = { ...process.env, PYTHONPATH: extensionPath(), USERNAME: 'tester' };
  const { stdout, stderr } = spawnSync(python, ['-c', script], { env, encoding: 'utf8', timeout: 30_000 });
  expect({ stdout, stderr }).toEqual({ stdout: 'none\nalive\nnone\n', stderr: '' });
});
