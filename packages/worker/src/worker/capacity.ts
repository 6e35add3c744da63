import { totalmem } from 'node:os';

/** Bytes of memory to count on for one task: a Python process with Metaflow and a little of the user's. */
const TASK_MEMORY = 300 * 1024 * 1024;
const MOST = 16;
const LEAST = 2;

/**
 * How many tasks to run at once by default: one per 300 MB of memory, at least 2, at most 16.
 *
 * @param memory - bytes (default: of this machine, or of the container that the process is confined to)
 * @example
 * ```ts
 * defaultMaxWorkers(8 * 1024 ** 3); // 16
 * defaultMaxWorkers(1024 ** 3); // 3
 * ```
 */
export function defaultMaxWorkers(memory: number = availableMemory()): number {
  return Math.max(LEAST, Math.min(MOST, Math.floor(memory / TASK_MEMORY)));
}

function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
