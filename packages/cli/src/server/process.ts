import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/**
 * Whether a process with this id runs. A zombie, which waits only for its parent to look, has ended.
 *
 * @example
 * ```ts
 * if (!(await isAlive(holder))) takeOver();
 * ```
 */
export async function isAlive(pid: number): Promise<boolean> {
  if (!signal(pid, 0)) return false;
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

/** The command line of a process, its arguments parted by blanks; empty where it cannot be read. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return raw.replaceAll('\0', ' ').trim();
  }
  const ps = await execa('ps', ['-o', 'args=', '-p', String(pid)], { reject: false });
  return ps.failed ? '' : ps.stdout;
}

/**
 * Ask a process to end, insist after a while.
 *
 * @param graceMs - milliseconds between SIGTERM and SIGKILL
 * @returns whether it went without SIGKILL
 *
 * @example
 * ```ts
 * await endProcess(record.pid, 10_000);
 * ```
 */
export async function endProcess(pid: number, graceMs: number): Promise<boolean> {
  if (!signal(pid, 'SIGTERM')) return true;
  if (await gone(pid, graceMs)) return true;
  signal(pid, 'SIGKILL');
  await gone(pid, 2000);
  return false;
}

/** Send a signal (0 only asks); false where there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function gone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
