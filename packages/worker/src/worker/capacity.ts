import { availableCores } from './cores.js';
import { availableMemory } from './memory.js';

/** Bytes of memory to count on for one task: a Python process with Metaflow and a little of the user's. */
const TASK_MEMORY = 300 * 1024 * 1024;
const LEAST = 2;

/*
 * Of the machine's cores it does not follow how many tasks are right: those that compute want one each, those that wait for a database or a
 * job elsewhere take none. On few cores waiting tasks decide, eight a core; many cores are there to compute, and two a core keep them busy
 * while one of the two reads its inputs.
 */
const WAITING = { aCore: 8, most: 16 };
const COMPUTING = { aCore: 2 };

/**
 * How many tasks to run at once by default: eight per core up to 16, two per core where that is more, but no more than one per 300 MB of
 * memory, and 2 at least.
 *
 * @param memory - bytes (default: of this machine, or of the container that the process is confined to)
 * @param cores - (default: those that the process may use, by its affinity and the quota of its container)
 * @example
 * ```ts
 * defaultMaxWorkers(8 * 1024 ** 3, 2); // 16
 * defaultMaxWorkers(1024 ** 3, 2); // 3
 * defaultMaxWorkers(256 * 1024 ** 3, 32); // 64
 * ```
 */
export function defaultMaxWorkers(memory: number = availableMemory(), cores: number = availableCores()): number {
  const byMemory = Math.floor(memory / TASK_MEMORY);
  const byCores = Math.max(Math.min(WAITING.most, WAITING.aCore * cores), COMPUTING.aCore * cores);
  return Math.max(LEAST, Math.min(byMemory, Math.floor(byCores)));
}
