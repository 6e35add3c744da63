import type { Client } from '@temporalio/client';

/*
 * Reading many records. The server looks a record up within milliseconds, but now and then loses a question, the more often the more are
 * asked at the same time, and answers it five seconds later. Asked once more it answers at once.
 */

/** Questions at a time. */
const AT_ONCE = 5;
/** Milliseconds until a question is asked once more; the last time for as long as it takes. A server that is slow is asked ever less often. */
const PATIENCE = [500, 1000, 2000, 4000];

/**
 * Read something of each of many deployments, a few at a time.
 *
 * @param read - looks one up; may be called again for the same name
 * @returns what was read, in the order of the names
 * @throws as `read`, whatever the first failure is
 * @example
 * ```ts
 * const memos = await readEach(client, await deploymentNames(client), (name) => readMemo(client, name));
 * ```
 */
export async function readEach<T>(
  client: Client,
  names: readonly string[],
  read: (name: string) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  const left = names.entries();
  const failures: unknown[] = [];
  // One iterator: each lane takes what no other has. None is at work any more when this returns or throws.
  const lane = async (): Promise<void> => {
    for (const [i, name] of left) {
      if (failures.length > 0) return;
      await patiently(client, () => read(name)).then(
        (one) => (found[i] = one),
        (error: unknown) => failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return found;
}

async function patiently<T>(client: Client, read: () => Promise<T>): Promise<T> {
  for (const patience of PATIENCE) {
    const from = Date.now();
    try {
      return await client.withDeadline(from + patience, read);
    } catch (error) {
      // Anything sooner is not the deadline's.
      if (Date.now() - from < patience) throw error;
    }
  }
  return read();
}
