import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Cores that this process may use: those of its affinity, or what the quota of its control group (a container's `--cpus`, a pod's
 * `limits.cpu`) comes to where that is less. Node 20 does not look at the quota.
 *
 * @param cores - what Node says
 * @param root - where the system's files are
 * @example
 * ```ts
 * availableCores(); // 1.5 in a container with --cpus 1.5
 * ```
 */
export function availableCores(cores: number = availableParallelism(), root = '/'): number {
  const groups = (read(join(root, 'proc/self/cgroup')) ?? '').split('\n').map((line) => line.split(':'));
  const quotas = groups.flatMap(([, controllers, ...path]) => {
    const group = path.join(':');
    if (controllers === '') return upwards(join(root, 'sys/fs/cgroup'), group, quotaOfV2);
    if (controllers?.split(',').includes('cpu')) return upwards(join(root, 'sys/fs/cgroup/cpu'), group, quotaOfV1);
    return [];
  });
  return Math.min(cores, ...quotas);
}

/** What a group says and all above it: each is a bound. In a container the path may be the host's, and only the top be there. */
function upwards(top: string, group: string, quotaOf: (folder: string) => number | undefined): number[] {
  const found: number[] = [];
  for (let at = join('/', group); ; at = dirname(at)) {
    const quota = quotaOf(join(top, at));
    if (quota !== undefined && quota > 0) found.push(quota);
    if (at === '/') return found;
  }
}

/** `max 100000` or `150000 100000`: microseconds in a period. */
function quotaOfV2(folder: string): number | undefined {
  return ratio(read(join(folder, 'cpu.max'))?.split(' '));
}

/** The quota is -1 where there is none. */
function quotaOfV1(folder: string): number | undefined {
  return ratio(['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => read(join(folder, name)) ?? ''));
}

function ratio(words: readonly string[] | undefined): number | undefined {
  const [quota, period] = (words ?? []).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
