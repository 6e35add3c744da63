import { installRuntime } from '../worker/temporal-runtime.js';
import { startHealthServer, type HealthSource } from './health.js';
import { freeAddress, parseListen } from './listen.js';
import { createWorkerLog, type WorkerLog, type WorkerLogOptions } from './log.js';
import type { WorkerProcessFlags } from '../options.js';

/** What surrounds the workers of a process: its log, its metrics, its health checks. */
export interface WorkerService extends WorkerLog {
  /** `HOST:PORT` of the metrics, where they were asked for. */
  readonly metrics?: string;
  /** Port of the health checks, where they were asked for. */
  readonly healthPort?: number;
  /** From now on probes are answered by this; until then they hear that the process is starting. */
  reportHealth(source: HealthSource): void;
  /** Stop answering probes. */
  close(): Promise<void>;
}

/**
 * Set up what surrounds the workers of a process, before anything connects: Temporal's runtime, of which there is one, gets its log and
 * its metrics here.
 *
 * @param flags - options of the command line, as `workerOptions` declares them
 * @param streams - where lines go that are no warnings. @defaultValue standard output
 * @throws MftError `BAD_PORT`, `PORT_TAKEN`
 * @example
 * ```ts
 * const service = await openWorkerService({ logFormat: 'json', healthPort: '8080' });
 * try {
 *   const native = await connectWorker(flags, service.logger);
 *   const worker = await createMetaflowWorker({ ...native, config, hash, logger: service.logger, onLog: service.taskLine });
 *   service.reportHealth(() => worker.health());
 *   await worker.run();
 * } finally {
 *   await service.close();
 * }
 * ```
 */
export async function openWorkerService(
  flags: Pick<WorkerProcessFlags, 'logFormat' | 'metricsPort' | 'healthPort'> & {
    readonly debug?: boolean | undefined;
  },
  streams: Pick<WorkerLogOptions, 'stdout'> = {},
): Promise<WorkerService> {
  const log = createWorkerLog({ format: flags.logFormat ?? 'text', debug: flags.debug, ...streams });
  const [metricsAt, healthAt] = [
    flags.metricsPort === undefined ? undefined : parseListen('--metrics-port', flags.metricsPort),
    flags.healthPort === undefined ? undefined : parseListen('--health-port', flags.healthPort),
  ];
  const metrics = metricsAt === undefined ? undefined : await freeAddress('--metrics-port', metricsAt);
  let source: HealthSource | undefined;
  const health = healthAt === undefined ? undefined : await startHealthServer(healthAt, () => source);
  await installRuntime(log.logger, metrics === undefined ? {} : { metrics });
  if (metrics !== undefined) log.logger.info(`Metrics at http://${metrics}/metrics`);
  if (health !== undefined) log.logger.info(`Health checks at http://${health.address}/health and /ready`);
  return {
    ...log,
    ...(metrics === undefined ? {} : { metrics }),
    ...(health === undefined ? {} : { healthPort: health.port }),
    reportHealth: (given) => (source = given),
    close: async () => health?.close(),
  };
}
