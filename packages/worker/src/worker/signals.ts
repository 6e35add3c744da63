import type { Logger } from './logger.js';

/** What a signal stops. */
export interface Stoppable {
  /** Stop polling; running tasks may finish within the grace period. */
  shutdown(): void;
  /** End every task process now, without grace. */
  kill(): Promise<void>;
}

/**
 * Do work that SIGTERM and SIGINT stop: the first drains, the second ends all tasks at once.
 *
 * @param grace - seconds that running tasks get, for the log
 * @example
 * ```ts
 * await underSignals(worker, { grace: 30, logger }, () => worker.run());
 * ```
 */
export async function underSignals<T>(
  worker: Stoppable,
  { grace, logger }: { readonly grace: number; readonly logger?: Logger | undefined },
  work: () => Promise<T>,
): Promise<T> {
  let asked = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (asked) void worker.kill();
    else {
      asked = true;
      logger?.info(`${signal}: no new tasks; running ones have ${grace} s to finish. Once more ends them now.`);
      worker.shutdown();
    }
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
