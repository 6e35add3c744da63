/*
 * S1. At most `total` tasks have a slot at a time, over all runners that share it.
 * S2. What tasks with a slot take of memory is never more than there is; one that asks for more than all of it counts as all of it.
 * S3. Who asks first is served first, among those that fit; who is cancelled while it waits leaves no gap.
 * S4. Of the tasks that memory keeps waiting the oldest is overtaken at most PATIENCE times by others that take memory; then memory is
 *     kept for it. Tasks that take none pass always: they take nothing that it waits for.
 */

/** Tasks that may overtake one: enough to keep the memory busy that a large task leaves, few enough for it to be waited out. */
const PATIENCE = 16;

/** What a task takes beside its slot. */
export interface TaskNeed {
  /** MB, as `@resources(memory=…)` says. */
  readonly memory: number;
  /** `Flow/step`, for a warning. */
  readonly step: string;
}

/** A bound on tasks, shared by any number of {@link createStepActivities}. */
export interface TaskSlots {
  /**
   * Wait for a slot.
   *
   * @param signal - ends the waiting
   * @param need - what else the task takes (default: nothing)
   * @returns gives the slot back
   * @throws the signal's reason
   */
  acquire(signal: AbortSignal, need?: TaskNeed): Promise<() => void>;
}

/** How full a bound is. */
export interface SlotUse {
  readonly total: number;
  readonly running: number;
  readonly waiting: number;
}

/** What a bound knows beside the number of tasks. */
export interface TaskSlotsOptions {
  /** MB that tasks which ask for memory share. @defaultValue no bound */
  readonly memory?: number | undefined;
  /** Told once of each step of which a task asks for more memory than there is. @defaultValue nobody */
  readonly warn?: ((message: string) => void) | undefined;
  /** Called when {@link MemoryUse.waiting} may have changed. */
  readonly onMemory?: (() => void) | undefined;
}

/** Where the memory is. In MB. */
export interface MemoryUse {
  readonly total: number;
  readonly taken: number;
  /** Tasks that would not fit now. */
  readonly waiting: number;
}

/** A bound on tasks, and what there is to see of it. */
export type CountedSlots = TaskSlots & { readonly use: SlotUse; readonly memory: MemoryUse };

interface Waiter {
  readonly need: number;
  /** How many it was overtaken by while it was the oldest that did not fit. */
  passed: number;
  readonly go: (release: () => void) => void;
}

/**
 * Make a bound on tasks, and on the memory that they ask for.
 *
 * @param total - tasks at a time, 1 or more; `Infinity` where something else bounds them
 *
 * @example
 * ```ts
 * const slots = createTaskSlots(8, { memory: 16_000 });
 * const [first, second] = configs.map(({ config, hash }) => createStepActivities({ config, hash, slots }));
 * ```
 */
export function createTaskSlots(total: number, options: TaskSlotsOptions = {}): CountedSlots {
  const { memory = Infinity, warn, onMemory } = options;
  const waiters: Waiter[] = [];
  const warned = new Set<string>();
  let running = 0;
  let taken = 0;
  const free = (): number => memory - taken;

  /** The first that may go, and the oldest before it that does not fit. */
  const choose = (): { at: number; oldest: Waiter | undefined } => {
    let oldest: Waiter | undefined;
    const at = waiters.findIndex((waiter) => {
      if (waiter.need === 0) return true;
      if (waiter.need <= free()) return oldest === undefined || oldest.passed < PATIENCE;
      oldest ??= waiter;
      return false;
    });
    return { at, oldest };
  };
  const next = (): void => {
    while (running < total) {
      const { at, oldest } = choose();
      const [waiter] = at < 0 ? [] : waiters.splice(at, 1);
      if (waiter === undefined) break;
      if (oldest !== undefined && waiter.need > 0) oldest.passed++;
      running++;
      taken += waiter.need;
      waiter.go(releaser(waiter.need));
    }
    onMemory?.();
  };
  const releaser = (need: number): (() => void) => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      running--;
      taken -= need;
      next();
    };
  };
  const shareOf = (need: TaskNeed | undefined): number => {
    if (need === undefined || memory === Infinity) return 0;
    if (need.memory > memory && !warned.has(need.step)) {
      warned.add(need.step);
      warn?.(
        `${need.step} asks for ${need.memory} MB of memory, and this worker has ${memory} MB for tasks: such a task runs beside no other that asks for memory, and may not fit. Give the worker more with --memory.`,
      );
    }
    return Math.min(need.memory, memory);
  };
  return {
    acquire: (signal, need) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const leave = (): void => {
          waiters.splice(waiters.indexOf(waiter), 1);
          reject(signal.reason as Error);
          // Memory may have been kept for it.
          next();
        };
        const waiter: Waiter = {
          need: shareOf(need),
          passed: 0,
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
    get memory() {
      return { total: memory, taken, waiting: waiters.filter(({ need }) => need > free()).length };
    },
  };
}
