import type { Context } from '@temporalio/activity';
import type { TaskNeed } from '../slots.js';
import type { Runner } from './runner.js';
import { reasonOf } from './supervise.js';

/**
 * Do work that needs a process once the bound on tasks that several runners share has room for it. The activity's heartbeats go on
 * meanwhile, and a cancel ends the waiting.
 *
 * @param need - what the work takes beside its slot (default: nothing)
 * @throws CancelledFailure, WorkerStoppedError as `supervise` does
 *
 * @example
 * ```ts
 * const answer = await inSlot(runner, Context.current(), () => attemptTask(…));
 * ```
 */
export async function inSlot<T>(
  { slots }: Runner,
  context: Context,
  work: () => Promise<T>,
  need?: TaskNeed,
): Promise<T> {
  if (slots === undefined) return work();
  const { cancellationSignal: signal } = context;
  const release = await slots.acquire(signal, need).catch(() => Promise.reject(reasonOf(signal)));
  try {
    return await work();
  } finally {
    release();
  }
}
