import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMftError, MftError, type FlowConfig } from '@mft/graph';
import type { StepRunner, StepRunnerOptions, TaskLogLine } from '@mft/step-runner';
import type { NativeConnection, Worker, WorkerOptions } from '@temporalio/worker';
import { prebuiltWorkflowBundle } from '../assets.js';
import { isPolledBy } from '../run/pollers.js';
import { defaultMaxWorkers } from './capacity.js';
import { namespaceNotFound } from '../run/start.js';
import type { Logger } from './logger.js';
import { installRuntime } from './temporal-runtime.js';

/** What a worker of one flow is made of. */
export interface MetaflowWorkerOptions {
  readonly config: FlowConfig;
  /** Hash of the config, as `configHash` of `@mft/compiler` computes it. */
  readonly hash: string;
  /** Native connection, as `connectWorker` makes it. It is not closed with the worker. */
  readonly connection: NativeConnection;
  /** Temporal's namespace. @defaultValue `default` */
  readonly namespace?: string | undefined;
  /** Tasks at a time. @defaultValue one per 300 MB of memory, 2 to 16 */
  readonly maxWorkers?: number | undefined;
  /** Seconds that running tasks get to finish when the worker is told to stop. @defaultValue 30 */
  readonly grace?: number | undefined;
  readonly logger?: Logger | undefined;
  /** Called with each line that a task prints. */
  readonly onLog?: ((line: TaskLogLine) => void) | undefined;
  /** Minutes between attempts, in place of what `@retry` says. */
  readonly retryWait?: number | undefined;
  /** Python to run steps with. @defaultValue `METAFLOW_PYTHON`, the active virtual environment's, `python3` */
  readonly python?: string | undefined;
  /** How tasks are started. @defaultValue `auto` */
  readonly mode?: 'auto' | 'fork' | 'spawn' | undefined;
  /** Python modules to import before the first task. */
  readonly preload?: readonly string[] | undefined;
  /** Folder of the Metaflow extension. @defaultValue the one that `@mft/metaflow-extension` carries */
  readonly extensionPath?: string | undefined;
  /** Where code packages are unpacked. */
  readonly cacheDirectory?: string | undefined;
  /** Environment of Python. @defaultValue the process's */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Workflow bundle. @defaultValue the one built with this package */
  readonly workflowBundle?: { readonly code: string } | undefined;
  /** Whatever else Temporal's worker takes; wins over what is set here. */
  readonly temporal?: Partial<WorkerOptions> | undefined;
}

/** A worker of one flow: Temporal's worker and the step runner behind it. */
export interface MetaflowWorker {
  readonly worker: Worker;
  readonly runner: StepRunner;
  readonly taskQueue: string;
  /** Poll until {@link shutdown}; then drain within the grace period and end every task process. Call once. */
  run(): Promise<void>;
  /** Run while `action` does, then shut down; answers what `action` does. */
  runUntil<T>(action: () => Promise<T>): Promise<T>;
  /** Stop polling; running tasks may finish within the grace period. */
  shutdown(): void;
  /** End every task process now, without grace. */
  kill(): Promise<void>;
}

const DEFAULT_GRACE = 30;
/** Seconds after the grace period in which cancelled activities must have reported. */
const REPORTING = 15;

/**
 * Make a worker of one flow: all that a run needs but the connection. Polls nothing yet.
 *
 * @throws MftError `BAD_MAX_WORKERS`, `NAMESPACE_NOT_FOUND`, and what `createStepActivities` throws
 * @example
 * ```ts
 * const { connection, namespace } = await connectWorker();
 * const worker = await createMetaflowWorker({ config, hash, connection, namespace });
 * process.once('SIGTERM', () => worker.shutdown());
 * await worker.run();
 * ```
 */
export async function createMetaflowWorker(options: MetaflowWorkerOptions): Promise<MetaflowWorker> {
  const { config, grace = DEFAULT_GRACE, maxWorkers = defaultMaxWorkers(), logger } = options;
  if (!Number.isInteger(maxWorkers) || maxWorkers < 1) {
    throw new MftError('BAD_MAX_WORKERS', `A worker cannot run ${maxWorkers} tasks at a time.`, {
      hint: 'Give --max-workers a whole number, 1 or more.',
    });
  }
  // Loaded here, so that whoever only starts and watches runs waits for neither.
  const [{ Worker }, { createStepActivities }, workflowBundle] = await Promise.all([
    import('@temporalio/worker'),
    import('@mft/step-runner'),
    options.workflowBundle ?? prebuiltWorkflowBundle(),
    installRuntime(logger),
  ]);
  const runner = createStepActivities(runnerOptions(options));
  // Begun beside the worker's own start: an empty flow's first step then finds a warm launcher.
  const warm = runner.start();
  warm.catch(() => undefined);
  try {
    const worker = await Worker.create({
      ...temporalOptions(config, maxWorkers, grace),
      connection: options.connection,
      namespace: options.namespace ?? 'default',
      workflowBundle,
      activities: { ...runner.activities },
      ...options.temporal,
    });
    return assemble(worker, runner, warm, grace);
  } catch (error) {
    await runner.close(0);
    // Told by a native error, of which the text is all there is.
    if (/^Namespace .* was not found/.test((error as Error).message))
      throw namespaceNotFound(options.namespace ?? 'default', error);
    throw error;
  }
}

/**
 * Make a worker of one flow and run it until SIGTERM or SIGINT: the first drains within the grace period, the second ends all
 * tasks at once.
 *
 * @param options - as for {@link createMetaflowWorker}; `onReady` is called when it polls
 * @example
 * ```ts
 * await runWorker({ ...(await connectWorker()), config, hash, onReady: () => console.log('polling') });
 * ```
 */
export async function runWorker(options: MetaflowWorkerOptions & { readonly onReady?: () => void }): Promise<void> {
  const worker = await createMetaflowWorker(options);
  let asked = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (asked) void worker.kill();
    else {
      asked = true;
      options.logger?.info(
        `${signal}: no new tasks; running ones have ${options.grace ?? DEFAULT_GRACE} s to finish. Once more ends them now.`,
      );
      worker.shutdown();
    }
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    const running = worker.run();
    await Promise.race([running, untilPolling(worker, options)]);
    if (worker.worker.getState() === 'RUNNING') options.onReady?.();
    await running;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

/** The server's word, not ours; where it does not say in time, ours must do. */
async function untilPolling(
  { worker, taskQueue }: MetaflowWorker,
  { connection, namespace = 'default' }: MetaflowWorkerOptions,
): Promise<void> {
  const { identity } = worker.options;
  for (let tries = 0; tries < 40 && worker.getState() === 'RUNNING'; tries++) {
    if ((await isPolledBy(connection, namespace, taskQueue, identity)) !== false) return;
    await sleep(25);
  }
}

function runnerOptions(options: MetaflowWorkerOptions): StepRunnerOptions {
  const { config, hash, python, mode, preload, extensionPath, cacheDirectory, retryWait, env, onLog } = options;
  const optional = { python, mode, preload, extensionPath, cacheDirectory, retryWait, env, onLog };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { config, hash, ...given };
}

/**
 * W1. An activity slot is a Python process: their number is the worker's real bound.
 * W2. Cancel travels on heartbeats, so these are hardly throttled: it arrives within about a second.
 * W3. Cached workflows are bounded: each holds its state in memory.
 */
function temporalOptions(config: FlowConfig, maxWorkers: number, grace: number): WorkerOptions {
  return {
    taskQueue: config.taskQueue,
    maxConcurrentActivityTaskExecutions: maxWorkers,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: Math.min(maxWorkers, 5) },
    workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 5 },
    maxEagerActivityReservationsPerWorkflowTask: Math.min(maxWorkers, 3 * availableParallelism()),
    maxCachedWorkflows: 200,
    defaultHeartbeatThrottleInterval: '500ms',
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: `${grace}s`,
    shutdownForceTime: `${grace + REPORTING}s`,
  };
}

function assemble(worker: Worker, runner: StepRunner, warm: Promise<void>, grace: number): MetaflowWorker {
  let killed: Promise<void> | undefined;
  const kill = (): Promise<void> => (killed ??= runner.close(0));
  const run = async (): Promise<void> => {
    // A launcher that cannot start at all (no Metaflow, a broken package) ends the worker rather than every run it takes.
    const failed = warm.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        throw launcherFailed(error);
      },
    );
    try {
      await Promise.race([worker.run(), failed]);
    } finally {
      await settled(worker);
      await (killed ?? runner.close(grace * 1000));
    }
  };
  return {
    worker,
    runner,
    taskQueue: worker.options.taskQueue,
    run,
    kill,
    shutdown: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
    runUntil: async (action) => {
      const running = run();
      // `run` ends first only where the worker failed.
      const early = running.then(() => Promise.reject(new Error('The worker stopped before the run ended.')));
      early.catch(() => undefined);
      try {
        return await Promise.race([action(), early]);
      } finally {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await running;
      }
    },
  };
}

function launcherFailed(cause: unknown): MftError {
  if (isMftError(cause)) return cause;
  const { message, hint } = cause as { message?: string; hint?: string };
  return new MftError('LAUNCHER_FAILED', `Python cannot run this flow's steps. ${message ?? String(cause)}`, {
    hint: hint ?? 'Name a Python that has Metaflow, with --python or METAFLOW_PYTHON.',
    exitCode: 1,
    cause,
  });
}

/** Wait until Temporal's worker has stopped, however `run` went. */
async function settled(worker: Worker): Promise<void> {
  while (!['STOPPED', 'FAILED', 'INITIALIZED'].includes(worker.getState())) await sleep(20);
}
