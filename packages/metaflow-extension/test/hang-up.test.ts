import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { python } from './launcher.js';

/**
 * Run a body in a fork whose launcher has gone away without having read what it was told: the kernel then answers with an error where
 * the line would have ended. Answers how the fork ended, and what it printed.
 */
function fork(body: string): { status: unknown; printed: string } {
  const script = `
import os, socket
from metaflow_extensions.temporal.launcher import forking, forkserver, frames

ours, theirs = socket.socketpair()
gate, opened = os.pipe()

def body():
    theirs.sendall(b"unread")
    os.read(gate, 1)
    ${body}

pid = forking.fork(body, [ours.fileno()])
ours.recv(6, socket.MSG_PEEK)
ours.close()
os.write(opened, b".")
print("status", os.waitpid(pid, 0)[1])`;
  const env = { ...process.env, PYTHONPATH: extensionPath() };
  const { stdout, stderr } = spawnSync(python, ['-c', script], { env, encoding: 'utf8', timeout: 30_000 });
  return { status: /^status (\d+)$/m.exec(stdout)?.[1], printed: stderr };
}

it('a fork server whose launcher was killed ends without a word', () => {
  expect(fork('forkserver.serve(None, theirs, "")')).toEqual({ status: '0', printed: '' });
});

it('a planner hears of that as of an end', () => {
  const ended = (doing: string) => `
    channel = frames.BlockingChannel(theirs)
    try:
        ${doing}
    except EOFError:
        os._exit(0)`;
  for (const doing of ['channel.receive()', 'channel.send("answer")'])
    expect(fork(ended(doing)), doing).toEqual({ status: '0', printed: '' });
});
