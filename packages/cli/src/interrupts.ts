const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Call back at each Ctrl-C (or SIGTERM, or the terminal's end) instead of dying by it.
 *
 * @param handler - given how many have come, from 1
 * @returns a function that gives the signals their usual effect again
 *
 * @example
 * ```ts
 * const release = onInterrupt((count) => (count === 1 ? cancel() : kill()));
 * ```
 */
export function onInterrupt(handler: (count: number) => void): () => void {
  let count = 0;
  const listener = (): void => handler(++count);
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
