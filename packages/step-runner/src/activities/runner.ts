import type { LogEvent } from '../launcher/protocol.js';
import type { LauncherPool } from '../launcher/pool.js';
import type { ConfigStore } from '../configs.js';
import type { TaskLogLine } from '../log.js';

/** What the activities share. Times are milliseconds unless said otherwise. */
export interface Runner {
  readonly pool: LauncherPool;
  readonly configs: ConfigStore;
  /** Hash of the deployment that this worker serves now. */
  readonly hash: string;
  /** Tags that this worker puts on every run. */
  readonly tags: readonly string[];
  /** Minutes between attempts that replace each step's own. */
  readonly retryWait: number | undefined;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly heartbeat: number;
  /** Pass a task's line on. */
  log(line: TaskLogLine): void;
}

/** What a log line says of the task that printed it. */
export type LineOrigin = Omit<TaskLogLine, 'stream' | 'line' | 'time'>;

/**
 * A log event of the launcher as a log line.
 *
 * @example
 * ```ts
 * runner.log(logLine(origin, event));
 * ```
 */
export function logLine(origin: LineOrigin, { stream, line }: Pick<LogEvent, 'stream' | 'line'>): TaskLogLine {
  return { ...origin, stream, line, time: Date.now() };
}
