import { totalmem } from 'node:os';
import { MftError } from '@mft/graph';

/** Of the memory that there is, what tasks may ask for: the rest is for those that ask for none, for Node and for the system. */
const SHARE = 0.8;
const MB = 1e6;

/**
 * Bytes of memory of this machine, or of the container that the process is confined to.
 *
 * @example
 * ```ts
 * availableMemory(); // 25276502016
 * ```
 */
export function availableMemory(): number {
  // 0 or more than there can be where nothing confines it.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * MB that tasks with `@resources(memory=…)` share by default: four fifths of what there is.
 *
 * @param memory - bytes (default: of this machine, or of the container that the process is confined to)
 * @example
 * ```ts
 * defaultTaskMemory(20e9); // 16000
 * ```
 */
export function defaultTaskMemory(memory: number = availableMemory()): number {
  return Math.max(1, Math.floor((SHARE * memory) / MB));
}

/**
 * An amount of memory that makes sense, in MB.
 *
 * @throws MftError `BAD_CAPACITY`
 */
export function checkedMemory(memory: number): number {
  if (Number.isFinite(memory) && memory >= 1) return memory;
  throw new MftError('BAD_CAPACITY', `A worker cannot share ${memory} MB of memory out.`, {
    hint: 'Give --memory an amount such as 16GB.',
  });
}
