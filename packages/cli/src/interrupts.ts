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

/**
 * Hold signals back while a command is still being loaded, so that one that comes meanwhile is not lost on it.
 *
 * @returns a function that gives the signals their usual effect again, and delivers what came
 *
 * @example
 * ```ts
 * const deliver = holdSignals();
 * ```
 */
export function holdSignals(): () => void {
  const held: NodeJS.Signals[] = [];
  const listener = (signal: NodeJS.Signals): void => void held.push(signal);
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
    for (const signal of held.splice(0)) process.kill(process.pid, signal);
  };
}
