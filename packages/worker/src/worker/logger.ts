/** What the worker logs to: consola's instances fit, so do most others. */
export interface Logger {
  debug(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
  /** A message with its facts as fields, for a log that programs read. By default the message alone, which then says it all. */
  entry?(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void;
  /** A run failed in this worker, for a reason of its own. By default a warning; a caller that shows the outcome itself drops it. */
  runFailed?(workflowId: string, reason: string): void;
}
