import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process and all below it, by what the kernel says of each one's parent.
 *
 * @param {number} pid
 * @returns {number[]}
 */
export function tree(pid) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? parentOf(Number(entry)) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [pid];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

/**
 * Megabytes that processes hold together: memory that several share is counted once.
 *
 * @param {readonly number[]} pids
 */
export function megabytes(pids) {
  let kilobytes = 0;
  for (const pid of pids) {
    try {
      const [, pss = '0'] = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
      kilobytes += Number(pss);
    } catch {
      // ended meanwhile
    }
  }
  return kilobytes / 1024;
}

/** @param {number} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
