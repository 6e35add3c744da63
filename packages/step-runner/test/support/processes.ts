import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Wait for something, at most `ms` milliseconds. */
export async function until<T>(probe: () => T | undefined | false, what: string, ms = 30_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found as T;
    if (performance.now() > end) throw new Error(`Waited ${ms} ms in vain for ${what}.`);
    await sleep(50);
  }
}

/** Whether a process is there and not a zombie. */
export function running(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** Ids of all processes whose environment holds that text, zombies left out. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && read(pid, 'environ').includes(text) && running(pid));
}

/** Those of {@link processesWith} that are neither the worker nor its launcher, nor a fork of that which has not become anything else. */
export function tasksWith(text: string): number[] {
  return processesWith(text).filter((pid) => !/worker-process|temporal\.launcher/.test(read(pid, 'cmdline')));
}

function read(pid: number, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Ids of the launchers that a worker started. */
export function launchersOf(worker: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        running(pid) && parentOf(pid) === worker && commandOf(pid).includes('metaflow_extensions.temporal.launcher'),
    );
}

/** 0 where the process has ended meanwhile. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]);
  } catch {
    return 0;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
