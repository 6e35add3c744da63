import { setTimeout as sleep } from 'node:timers/promises';
import { isMftError, MftError, type FlowConfig } from '@mft/graph';
import type { StepRunner } from '@mft/step-runner';
import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import { prebuiltWorkflowBundle } from '../assets.js';
import { plainDataConverter } from '../connection/data-converter.js';
import { createAnnouncer } from '../events/announce.js';
import { attributesOf } from '../search/check.js';
import { isPolledBy } from '../run/pollers.js';
import type { HealthReport, HealthSource } from '../service/health.js';
import { healthOfWorker } from '../service/worker-health.js';
import { defaultMaxWorkers } from './capacity.js';
import { workerSlots } from './slots.js';
import { checkedMaxWorkers, DEFAULT_GRACE, runnerSettings, temporalSettings, type WorkerSettings } from './settings.js';
import { underSignals } from './signals.js';
import { installRuntime } from './temporal-runtime.js';
import { createTemporalWorker } from './temporal-worker.js';

/** What a worker of one flow is made of. */
export interface MetaflowWorkerOptions extends WorkerSettings {
  readonly config: FlowConfig;
  /** Hash of the config, as `configHash` of `@mft/compiler` computes it. */
  readonly hash: string;
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
  /** What it says of itself to health checks. */
  health(): Promise<HealthReport>;
}

/**
 * Make a worker of one flow: all that a run needs but the connection. Polls nothing yet.
 *
 * @throws MftError `BAD_MAX_WORKERS`, `BAD_CAPACITY`, `NAMESPACE_NOT_FOUND`, and what `createStepActivities` throws
 * @example
 * ```ts
 * const { connection, namespace } = await connectWorker();
 * const worker = await createMetaflowWorker({ config, hash, connection, namespace });
 * process.once('SIGTERM', () => worker.shutdown());
 * await worker.run();
 * ```
 */
export async function createMetaflowWorker(options: MetaflowWorkerOptions): Promise<MetaflowWorker> {
  const { config, grace = DEFAULT_GRACE, logger } = options;
  const maxWorkers = checkedMaxWorkers(options.maxWorkers ?? config.maxWorkers ?? defaultMaxWorkers());
  // Loaded here, so that whoever only starts and watches runs waits for neither.
  const [{ createStepActivities }, { slots, temporal }, workflowBundle] = await Promise.all([
    import('@mft/step-runner'),
    workerSlots(config, maxWorkers, options),
    options.workflowBundle ?? prebuiltWorkflowBundle(),
    installRuntime(logger),
  ]);
  const services = { announce: createAnnouncer(() => clientOf(options)), searchAttributes: attributesOf(options) };
  const runner = createStepActivities({ config, hash: options.hash, slots, ...services, ...runnerSettings(options) });
  // Begun beside the worker's own start: an empty flow's first step then finds a warm launcher.
  const warm = runner.start();
  warm.catch(() => undefined);
  try {
    const worker = await createTemporalWorker({
      ...temporalSettings(config.taskQueue, maxWorkers, grace),
      ...temporal,
      connection: options.connection,
      namespace: options.namespace ?? 'default',
      dataConverter: options.dataConverter,
      workflowBundle,
      activities: { ...runner.activities },
      ...options.temporal,
    });
    return {
      ...assemble(worker, runner, warm, grace),
      health: () => healthOfWorker(worker, options.connection, [{ name: config.name, hash: options.hash }]),
    };
  } catch (error) {
    await runner.close(0);
    throw error;
  }
}

/**
 * Make a worker of one flow and run it until SIGTERM or SIGINT: the first drains within the grace period, the second ends all
 * tasks at once.
 *
 * @param options - as for {@link createMetaflowWorker}; `onReady` is called when it polls, `onHealth` gets what answers health checks
 * @example
 * ```ts
 * await runWorker({ ...(await connectWorker()), config, hash, onReady: () => console.log('polling') });
 * ```
 */
export async function runWorker(
  options: MetaflowWorkerOptions & {
    readonly onReady?: () => void;
    readonly onHealth?: (source: HealthSource) => void;
  },
): Promise<void> {
  const worker = await createMetaflowWorker(options);
  options.onHealth?.(() => worker.health());
  const { grace = DEFAULT_GRACE, logger } = options;
  await underSignals(worker, { grace, logger }, async () => {
    const running = worker.run();
    await Promise.race([running, untilPolling(worker, options)]);
    if (worker.worker.getState() === 'RUNNING') options.onReady?.();
    await running;
  });
}

/** A client over the worker's own connection. */
async function clientOf({ connection, namespace = 'default', dataConverter }: MetaflowWorkerOptions): Promise<Client> {
  const { Client } = await import('@temporalio/client');
  return new Client({ connection, namespace, dataConverter: dataConverter ?? (await plainDataConverter()) });
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

function assemble(
  worker: Worker,
  runner: StepRunner,
  warm: Promise<void>,
  grace: number,
): Omit<MetaflowWorker, 'health'> {
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
