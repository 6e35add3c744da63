import { availableParallelism } from 'node:os';
import { MftError } from '@mft/graph';
import type { LauncherLogLine, StepRunnerOptions, TaskLogLine } from '@mft/step-runner';
import type { LoadedDataConverter } from '@temporalio/common';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { PUBLISH_VARIABLE, type PublishCommand } from '../events/command.js';
import type { Logger } from './logger.js';
import type { ResourceTargets } from './slots.js';

/** What a process that runs tasks is told, whatever it serves. */
export interface WorkerSettings {
  /** Native connection, as `connectWorker` makes it. It is not closed with the worker. */
  readonly connection: NativeConnection;
  /** Temporal's namespace. @defaultValue `default` */
  readonly namespace?: string | undefined;
  /** Encodes and decodes all that is sent to Temporal, as `connectWorker` or `loadDataConverter` gives it. @defaultValue plain JSON */
  readonly dataConverter?: LoadedDataConverter | undefined;
  /** Tasks at a time. @defaultValue what the deployment says (`mft create --max-workers`), else {@link defaultMaxWorkers} */
  readonly maxWorkers?: number | undefined;
  /** MB that tasks of steps with `@resources(memory=…)` share. @defaultValue four fifths of the machine's or the container's */
  readonly memory?: number | undefined;
  /** Tasks are taken only while the machine is below these, `maxWorkers` at most. @defaultValue the machine's load is not looked at */
  readonly targets?: ResourceTargets | undefined;
  /** Seconds that running tasks get to finish when the worker is told to stop. @defaultValue 30 */
  readonly grace?: number | undefined;
  readonly logger?: Logger | undefined;
  /** Called with each line that a task prints. */
  readonly onLog?: ((line: TaskLogLine) => void) | undefined;
  /** Called with each line that a launcher itself prints. @defaultValue to standard error */
  readonly onLauncherLog?: ((line: LauncherLogLine) => void) | undefined;
  /** Minutes between attempts, in place of what `@retry` says. */
  readonly retryWait?: number | undefined;
  /** Python to run steps with. @defaultValue `METAFLOW_PYTHON`, the active virtual environment's, `python3` */
  readonly python?: string | undefined;
  /** How tasks are started. @defaultValue `auto` */
  readonly mode?: 'auto' | 'fork' | 'spawn' | undefined;
  /** Python modules to import before the first task; `auto`: what the flow imports. @defaultValue what the deployment says */
  readonly preload?: readonly string[] | undefined;
  /** Folder of the Metaflow extension. @defaultValue the one that `@mft/metaflow-extension` carries */
  readonly extensionPath?: string | undefined;
  /** Where code packages are unpacked. */
  readonly cacheDirectory?: string | undefined;
  /** Environment of Python. @defaultValue the process's */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** How tasks publish events (`TemporalEvent`). @defaultValue by `mft`, where they find it */
  readonly publish?: PublishCommand | undefined;
  /** Workflow bundle. @defaultValue the one built with this package */
  readonly workflowBundle?: { readonly code: string } | undefined;
  /** Whatever else Temporal's worker takes; wins over what is set here. */
  readonly temporal?: Partial<Omit<WorkerOptions, 'dataConverter' | 'workflowBundle'>> | undefined;
}

/** Seconds that running tasks get by default. */
export const DEFAULT_GRACE = 30;
/** Seconds after the grace period in which cancelled activities must have reported. */
const REPORTING = 15;

/**
 * A bound on tasks that makes sense.
 *
 * @throws MftError `BAD_MAX_WORKERS`
 */
export function checkedMaxWorkers(maxWorkers: number): number {
  if (Number.isInteger(maxWorkers) && maxWorkers >= 1) return maxWorkers;
  throw new MftError('BAD_MAX_WORKERS', `A worker cannot run ${maxWorkers} tasks at a time.`, {
    hint: 'Give --max-workers a whole number, 1 or more.',
  });
}

/** The part of the settings that the step runner takes. */
export function runnerSettings(settings: WorkerSettings): Omit<StepRunnerOptions, 'config' | 'hash'> {
  const { python, mode, preload, extensionPath, cacheDirectory, retryWait, publish, onLog, onLauncherLog } = settings;
  const env =
    publish === undefined
      ? settings.env
      : { ...(settings.env ?? process.env), [PUBLISH_VARIABLE]: JSON.stringify(publish) };
  const optional = { python, mode, preload, extensionPath, cacheDirectory, retryWait, env, onLog, onLauncherLog };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

/**
 * Polls for tasks at a time, at most. A server has a task queue in four partitions unless it is told otherwise, and a poll goes to one of them: with
 * 5, tasks of a foreach over 200 waited up to 2 s in one that nobody polled, with 10 half a second.
 */
export const ACTIVITY_POLLERS = 10;

/**
 * What differs from Temporal's defaults, but for the slots of activities: these are of `slots.ts`.
 *
 * W1. An activity slot is a Python process: their number is the worker's real bound, and no more is polled for or asked for eagerly.
 * W2. Cancel travels on heartbeats, so these are hardly throttled: it arrives with the next one, and they are two seconds apart.
 * W3. Cached workflows are bounded: each holds its state in memory.
 *
 * @param grace - seconds
 */
export function temporalSettings(taskQueue: string, maxWorkers: number, grace: number): WorkerOptions {
  return {
    taskQueue,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: Math.min(maxWorkers, ACTIVITY_POLLERS) },
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
    maxEagerActivityReservationsPerWorkflowTask: Math.min(maxWorkers, 3 * availableParallelism()),
    maxCachedWorkflows: 200,
    defaultHeartbeatThrottleInterval: '500ms',
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: `${grace}s`,
    shutdownForceTime: `${grace + REPORTING}s`,
  };
}
