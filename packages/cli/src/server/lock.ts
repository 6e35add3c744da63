import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '@mft/graph';
import { isAlive } from './process.js';

/*
 * A lock between processes of one machine: a file that names its holder's process id.
 *
 * L1. The file appears with its content at once (written aside, then linked), so nobody reads half of it.
 * L2. The lock of a dead holder is taken over by moving the file aside; whoever moved a file that is not the dead holder's puts it back.
 */

const POLL_MS = 50;

/**
 * Run `body` while holding `file`. Waits for another holder, and takes over from one that died.
 *
 * @param options.timeoutMs - how long to wait for a living holder; default 60,000
 * @param options.onWait - called once if there is a wait
 * @throws MftError LOCKED where the holder lives on beyond the timeout
 *
 * @example
 * ```ts
 * await withLock('/tmp/a.lock', () => startServer());
 * ```
 */
export async function withLock<T>(
  file: string,
  body: () => Promise<T>,
  options: { timeoutMs?: number; onWait?: (holder: number) => void } = {},
): Promise<T> {
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  await mkdir(dirname(file), { recursive: true });
  let waited = false;
  while (!(await tryAcquire(file))) {
    const holder = await holderOf(file);
    if (holder !== undefined && !(await isAlive(holder))) {
      await removeDead(file, holder);
      continue;
    }
    if (Date.now() > deadline) {
      throw new MftError('LOCKED', `Process ${holder ?? 'unknown'} has held ${file} for too long.`, {
        hint: `If that process is not an mft command, delete the file: rm ${file}`,
        exitCode: 1,
      });
    }
    if (!waited && holder !== undefined) {
      waited = true;
      options.onWait?.(holder);
    }
    await sleep(POLL_MS);
  }
  try {
    return await body();
  } finally {
    if ((await holderOf(file)) === process.pid) await rm(file, { force: true });
  }
}

let counter = 0;

async function tryAcquire(file: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.${counter++}`;
  await writeFile(draft, String(process.pid));
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function holderOf(file: string): Promise<number | undefined> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function removeDead(file: string, dead: number): Promise<void> {
  const aside = `${file}.${process.pid}.dead`;
  try {
    await rename(file, aside);
  } catch {
    return; // Somebody else was faster.
  }
  if ((await holderOf(aside)) !== dead) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}
