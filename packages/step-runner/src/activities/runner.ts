import type { AnnounceRunInput, FlowConfig, ResumeInput, SearchAttributeName } from '@mft/graph';
import type { LogEvent } from '../launcher/protocol.js';
import type { LauncherPool } from '../launcher/pool.js';
import type { ConfigStore } from '../configs.js';
import type { TaskLogLine } from '../log.js';
import type { TaskSlots } from '../slots.js';

/** What the activities share. Times are milliseconds unless said otherwise. */
export interface Runner {
  readonly pool: LauncherPool;
  readonly configs: ConfigStore;
  /** Before a run gets the config that this worker serves now. */
  readonly beforeCurrent?: (() => Promise<void>) | undefined;
  readonly slots?: TaskSlots | undefined;
  /** Search attributes that the namespace has. */
  readonly searchAttributes?: (() => Promise<readonly SearchAttributeName[]>) | undefined;
  /** Tells the deployments that wait for a run of this one that it has completed. */
  readonly announce?: ((config: FlowConfig, run: AnnounceRunInput) => Promise<void>) | undefined;
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

/** What an activity's input says of where its run came from. */
interface Origin {
  readonly resume?: ResumeInput;
  readonly triggered?: true;
}

/** The part of a request to a launcher that says which run is resumed, where one is, and that something triggered the run. */
export function originOf({ resume, triggered }: Origin): Origin {
  return { ...(resume === undefined ? {} : { resume }), ...(triggered === undefined ? {} : { triggered }) };
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
