/*
 * S1. At most `total` tasks have a slot at a time, over all runners that share it.
 * S2. Who asks first is served first; who is cancelled while it waits leaves no gap.
 */

/** A bound on tasks, shared by any number of {@link createStepActivities}. */
export interface TaskSlots {
  /**
   * Wait for a slot.
   *
   * @param signal - ends the waiting
   * @returns gives the slot back
   * @throws the signal's reason
   */
  acquire(signal: AbortSignal): Promise<() => void>;
}

/** How full a bound is. */
export interface SlotUse {
  readonly total: number;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  readonly go: (release: () => void) => void;
}

/**
 * Make a bound on tasks.
 *
 * @param total - tasks at a time, 1 or more
 *
 * @example
 * ```ts
 * const slots = createTaskSlots(8);
 * const [first, second] = configs.map(({ config, hash }) => createStepActivities({ config, hash, slots }));
 * ```
 */
export function createTaskSlots(total: number): TaskSlots & { readonly use: SlotUse } {
  const waiters: Waiter[] = [];
  let running = 0;
  const next = (): void => {
    while (running < total) {
      const waiter = waiters.shift();
      if (waiter === undefined) return;
      running++;
      waiter.go(releaser());
    }
  };
  const releaser = (): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      running--;
      next();
    };
  };
  return {
    acquire: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const leave = (): void => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(signal.reason as Error);
        };
        const waiter: Waiter = {
          go: (release) => {
            signal.removeEventListener('abort', leave);
            resolve(release);
          },
        };
        signal.addEventListener('abort', leave, { once: true });
        waiters.push(waiter);
        next();
      }),
    get use() {
      return { total, running, waiting: waiters.length };
    },
  };
}
