import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnnounceActivities, FlowConfig, MetaflowActivities } from '@mft/graph';
import { launcherArguments } from '@mft/metaflow-extension';
import { compensateTask } from './activities/compensate.js';
import { runExitHook } from './activities/exit-hook.js';
import { Heart } from './activities/heartbeat.js';
import type { Runner } from './activities/runner.js';
import { announceRun, finishRun, loadPlan, startRun } from './activities/runs.js';
import { runTask } from './activities/task.js';
import { ConfigStore } from './configs.js';
import type { StoredPlace } from './stored.js';
import { cacheDirectoryOf, launcherEnvironment, pythonOf, retryWaitOf } from './environment.js';
import { LauncherPool } from './launcher/pool.js';
import { LauncherProcess } from './launcher/process.js';
import type { LauncherLogLine, TaskLogLine } from './log.js';
import type { StepRunnerOptions } from './options.js';

/** What a {@link StepRunner} emits. */
export interface StepRunnerEvents {
  /** A task printed a line. */
  log: [TaskLogLine];
  /** A launcher printed a line. */
  launcher: [LauncherLogLine];
}

/** Activities that run Metaflow's steps, and the launchers behind them. */
export interface StepRunner {
  /** To be registered by a Temporal Worker, under exactly these names. */
  readonly activities: MetaflowActivities & AnnounceActivities;
  /** Log lines as they come. */
  readonly events: EventEmitter<StepRunnerEvents>;
  /**
   * Start the current deployment's launcher, so that the first task need not wait for it.
   *
   * @throws LauncherFatalError where it says that it cannot serve; LauncherLostError where it died.
   */
  start(): Promise<void>;
  /**
   * Know the config of another deployment or version, as runs may ask for it by its hash; it is kept on disk, too.
   *
   * @param places - where configs of its earlier versions lie
   */
  learn(config: FlowConfig, hash: string, places?: readonly StoredPlace[]): void;
  /** Serve this config from now on: {@link learn}, and runs that name no config get it. Running ones keep what they began with. */
  update(config: FlowConfig, hash: string): void;
  /**
   * Take no more work, let running tasks finish, then end every process.
   *
   * @param graceMs - milliseconds that running tasks get.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * The activities of a deployment, for a Temporal Worker of your own.
 *
 * @example
 * ```ts
 * const runner = createStepActivities({ config, hash: configHash(config), onLog: (line) => console.error(formatLogLine(line)) });
 * await runner.start();
 * const worker = await Worker.create({ taskQueue: config.taskQueue, workflowsPath, activities: { ...runner.activities }, shutdownGraceTime: '10s' });
 * await worker.run();
 * await runner.close(10_000);
 * ```
 */
export function createStepActivities(options: StepRunnerOptions): StepRunner {
  const env = options.env ?? process.env;
  const cacheDirectory = cacheDirectoryOf(options, env);
  const events = new EventEmitter<StepRunnerEvents>();
  if (options.onLog) events.on('log', options.onLog);
  events.on('launcher', options.onLauncherLog ?? (({ line }) => process.stderr.write(`[launcher] ${line}\n`)));

  const configs = new ConfigStore(options.config, options.hash, { cacheDirectory, options });
  const pool = new LauncherPool({
    stays: (hash) => (options.keepCurrent ?? true) && hash === configs.currentHash,
    configOf: (hash) => configs.get(hash),
    start: async (config, hash) => {
      const onLine = (stream: 'stdout' | 'stderr', line: string): void =>
        void events.emit('launcher', { flow: config.flow.name, hash, stream, line, time: Date.now() });
      try {
        return await startLauncher(config, options, env, cacheDirectory, onLine);
      } catch (error) {
        options.onLauncherFailure?.(config, error as Error);
        throw error;
      }
    },
    idle: (options.idle ?? 600) * 1000,
    onError: (error) => onSweepError(error),
  });
  const onSweepError = (error: unknown): void =>
    void events.emit('launcher', {
      flow: options.config.flow.name,
      hash: options.hash,
      stream: 'stderr',
      line: String(error),
      time: Date.now(),
    });
  const runner: Runner = {
    pool,
    configs,
    beforeCurrent: options.beforeCurrent,
    slots: options.slots,
    searchAttributes: options.searchAttributes,
    announce: options.announce,
    tags: options.tags ?? [],
    retryWait: retryWaitOf(options, env),
    grace: options.grace ?? 5,
    heartbeat: (options.heartbeat ?? 2) * 1000,
    log: (line) => void events.emit('log', line),
  };
  return {
    activities: {
      loadMetaflowPlan: (input) => loadPlan(runner, input),
      startMetaflowRun: (input) => Heart.during(runner.heartbeat, () => startRun(runner, input)),
      runMetaflowTask: (input) => runTask(runner, input),
      compensateMetaflowTask: (input) => compensateTask(runner, input),
      finishMetaflowRun: (input) => Heart.during(runner.heartbeat, () => finishRun(runner, input)),
      runExitHook: (input) => runExitHook(runner, input),
      announceMetaflowRun: (input) => announceRun(runner, input),
    },
    events,
    start: async () => {
      await pool.session(configs.currentHash);
    },
    learn: (config, hash, places) => {
      configs.learn(config, hash, places);
      configs.keep(config, hash).catch(onSweepError);
    },
    update: (config, hash) => {
      configs.update(config, hash);
      configs.keep(config, hash).catch(onSweepError);
    },
    close: (graceMs) => pool.close(graceMs),
  };
}

async function startLauncher(
  config: FlowConfig,
  options: StepRunnerOptions,
  env: NodeJS.ProcessEnv,
  cacheDirectory: string,
  onLine: (stream: 'stdout' | 'stderr', line: string) => void,
): Promise<LauncherProcess> {
  const cache = join(cacheDirectory, 'packages');
  await mkdir(cache, { recursive: true });
  const python = pythonOf(config, options, env);
  return LauncherProcess.start({
    command: [python, ...launcherArguments()],
    env: launcherEnvironment(config, options, env, python),
    // Where `metaflow run` would run; of a code package the launcher goes to where it belongs by itself.
    cwd: process.cwd(),
    init: {
      op: 'init',
      flow: config.flow.name,
      file: config.flow.file,
      directory: config.flow.directory,
      options: config.options,
      mode: options.mode ?? 'auto',
      preload: options.preload ?? config.preload ?? [],
      ...(config.package ? { package: config.package } : {}),
      cache,
      // Runs belong to whoever deployed the flow, not to the account that the worker runs under.
      environment: { METAFLOW_USER: config.user, ...config.environment },
      datastore: config.datastore,
    },
    onLine,
  });
}
