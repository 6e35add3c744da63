import type { AnnounceRunInput, FlowConfig, SearchAttributeName } from '@mft/graph';
import type { LauncherLogLine, TaskLogLine } from './log.js';
import type { TaskSlots } from './slots.js';

/** What {@link createStepActivities} needs to know. */
export interface StepRunnerOptions {
  /** The deployment that this worker serves now. */
  readonly config: FlowConfig;
  /** Its hash, as `configHash(config)` of `@mft/compiler` computes it. */
  readonly hash: string;
  /** Tags for every run, beside the deployment's. @defaultValue none */
  readonly tags?: readonly string[];
  /**
   * Python interpreter that has Metaflow.
   * @defaultValue `METAFLOW_PYTHON`, else the active virtual environment's, else the one that compiled the flow where it exists, else `python3`
   */
  readonly python?: string;
  /**
   * How a task gets its process: forked from the warm launcher, or a fresh interpreter. `auto` forks on Linux, and even then starts a
   * fresh interpreter where a decorator of the step asks for another command or environment. @defaultValue `auto`
   */
  readonly mode?: 'auto' | 'fork' | 'spawn';
  /**
   * Modules that the launcher imports once, for all tasks that it forks: `['numpy', 'pandas']`; `auto` stands for those that the flow
   * file imports and that are known to be safe. @defaultValue what the deployment says (`mft create --preload`), else none
   */
  readonly preload?: readonly string[];
  /** Folder of the Metaflow extension. @defaultValue the one that `@mft/metaflow-extension` carries */
  readonly extensionPath?: string;
  /** Folder for unpacked code packages and configs, shared by all workers of a machine. @defaultValue `$XDG_CACHE_HOME/mft`, else `~/.cache/mft` */
  readonly cacheDirectory?: string;
  /**
   * Minutes between attempts, instead of `minutes_between_retries` of each step; 0 retries at once.
   * @defaultValue `METAFLOW_TEMPORAL_RETRY_WAIT`, else each step's own
   */
  readonly retryWait?: number;
  /** Seconds between SIGTERM and SIGKILL when a task is cancelled. @defaultValue 5 */
  readonly grace?: number;
  /** Seconds between heartbeats of a running task. @defaultValue 2 */
  readonly heartbeat?: number;
  /** Seconds that an unused planner, or a launcher that need not stay, is kept. @defaultValue 600 */
  readonly idle?: number;
  /** Whether the launcher of the current deployment stays, however long it has no work. @defaultValue true */
  readonly keepCurrent?: boolean;
  /**
   * Search attributes that runs may show, asked for at the beginning of each run: only those that the namespace has, since a run that
   * sets another one never goes on. @defaultValue none
   */
  readonly searchAttributes?: () => Promise<readonly SearchAttributeName[]>;
  /** Bound on tasks that other runners share. @defaultValue none but the Temporal Worker's own */
  readonly slots?: TaskSlots;
  /**
   * Asked for a config that this runner was never told of, before the datastore is: what is on record.
   * @defaultValue none
   */
  readonly resolve?: (hash: string) => Promise<FlowConfig | undefined>;
  /** Called before a run that names no config gets the current one, which this may {@link StepRunner.update}. @defaultValue none */
  readonly beforeCurrent?: () => Promise<void>;
  /**
   * Publishes the end of a completed run of a deployment. May be called more than once for a run; what it throws is tried again.
   * @defaultValue none: runs are not announced
   */
  readonly announce?: (config: FlowConfig, run: AnnounceRunInput) => Promise<void>;
  /** Called when a launcher cannot be started. @defaultValue none: whoever asked for it is told in any case */
  readonly onLauncherFailure?: (config: FlowConfig, error: Error) => void;
  /** Environment of the launcher. @defaultValue `process.env` */
  readonly env?: NodeJS.ProcessEnv;
  /** Called with every line that a task prints, as it comes. */
  readonly onLog?: (line: TaskLogLine) => void;
  /** Called with every line that a launcher itself prints. @defaultValue to stderr */
  readonly onLauncherLog?: (line: LauncherLogLine) => void;
}
