import { createTaskSlots, type CountedSlots } from '@mft/step-runner';
import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';

/*
 * One bound on tasks for many Temporal Workers, or for one whose tasks may wait for memory.
 *
 * A worker asks for a slot before it polls, and holds it while it waits for a task, for a minute where there is none. Were these counted,
 * ten idle task queues would leave nothing of eight slots. So a slot that waits counts only while it is fresh: a queue that has tasks
 * turns it into a used one at once.
 *
 * B1. No more than `total` tasks have a process at a time: that is the step runners' own bound ({@link SharedBound.slots}), for which the
 *     few that came through stale slots wait, with heartbeats, open to a cancel.
 * B2. While `total` tasks are at work nobody polls anew. One that waits for memory is not at work, so that others may pass it; of those as
 *     many as `total` are taken at most, since another worker may have the memory.
 * B3. Queues that wait for a slot get it in turn; one whose tasks have filled its own limit lets others pass.
 */

/** Milliseconds for which a slot that waits for a task counts as if it had one. */
const FRESH = 100;

interface Permit extends SlotPermit {
  state: 'fresh' | 'stale' | 'used' | 'released';
  readonly queue: Queue;
  timer?: NodeJS.Timeout;
}

/** Slots of one task queue, and how many it may have. */
interface Queue {
  readonly limit: () => number;
  /** Used and fresh ones. */
  held: number;
}

interface Waiter {
  readonly queue: Queue;
  readonly go: (permit: Permit) => void;
}

/** A bound that several Temporal Workers share. */
export interface SharedBound {
  /** For the step runners. */
  readonly slots: CountedSlots;
  /**
   * A slot supplier for the activities of one Temporal Worker.
   *
   * @param limit - slots that this worker may have of its own, asked again and again
   */
  supplier(limit: () => number): CustomSlotSupplier<ActivitySlotInfo>;
}

/** What is bounded beside the number of tasks. */
export interface SharedBoundOptions {
  /** MB that tasks which ask for memory share. @defaultValue no bound */
  readonly memory?: number | undefined;
  /** Told of steps that ask for more than that. @defaultValue nobody */
  readonly warn?: ((message: string) => void) | undefined;
}

/**
 * Make a bound for several Temporal Workers.
 *
 * @param total - tasks at a time
 * @example
 * ```ts
 * const bound = createSharedBound(8);
 * const tuner = { activityTaskSlotSupplier: bound.supplier(() => 8), … };
 * ```
 */
export function createSharedBound(total: number, options: SharedBoundOptions = {}): SharedBound {
  const waiters: Waiter[] = [];
  let held = 0;
  const slots = createTaskSlots(total, { ...options, onMemory: () => serve() });

  const room = (): number => total + Math.min(total, slots.memory.waiting);
  const hasRoom = (queue: Queue): boolean => held < room() && queue.held < queue.limit();
  const count = (queue: Queue, by: 1 | -1): void => {
    held += by;
    queue.held += by;
  };
  const grant = (queue: Queue): Permit => {
    const permit: Permit = { state: 'fresh', queue };
    count(queue, 1);
    permit.timer = setTimeout(() => letGo(permit, 'stale'), FRESH).unref();
    return permit;
  };
  const letGo = (permit: Permit, state: 'stale' | 'released'): void => {
    clearTimeout(permit.timer);
    const counted = permit.state === 'fresh' || permit.state === 'used';
    permit.state = state;
    if (!counted) return;
    count(permit.queue, -1);
    serve();
  };
  const serve = (): void => {
    for (let i = 0; i < waiters.length && held < room();) {
      const waiter = waiters[i] as Waiter;
      if (!hasRoom(waiter.queue)) i++;
      else {
        waiters.splice(i, 1);
        waiter.go(grant(waiter.queue));
      }
    }
  };

  const supplier: SharedBound['supplier'] = (limit) => {
    const queue: Queue = { limit, held: 0 };
    return {
      type: 'custom',
      reserveSlot: (_context, signal) =>
        new Promise((resolve, reject) => {
          const leave = (): void => {
            const at = waiters.indexOf(waiter);
            if (at >= 0) waiters.splice(at, 1);
            reject(signal.reason as Error);
          };
          const waiter: Waiter = {
            queue,
            go: (permit) => {
              signal.removeEventListener('abort', leave);
              resolve(permit);
            },
          };
          if (signal.aborted) return leave();
          signal.addEventListener('abort', leave, { once: true });
          waiters.push(waiter);
          serve();
        }),
      tryReserveSlot: () => (hasRoom(queue) ? grant(queue) : null),
      markSlotUsed: ({ permit }) => {
        const own = permit as Permit;
        clearTimeout(own.timer);
        if (own.state === 'stale') count(queue, 1);
        own.state = 'used';
      },
      releaseSlot: ({ permit }) => letGo(permit as Permit, 'released'),
    };
  };
  return { slots, supplier };
}
