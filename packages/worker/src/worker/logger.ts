/** What the worker logs to: consola's instances fit, so do most others. */
export interface Logger {
  debug(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
  /** A run failed in this worker, for a reason of its own. By default a warning; a caller that shows the outcome itself drops it. */
  runFailed?(workflowId: string, reason: string): void;
}
