import type { Client } from '@temporalio/client';
import type { HealthReport, HealthSource } from '../service/health.js';
import type { WorkerSettings } from '../worker/settings.js';

/** What serves every deployment of a namespace is told. */
export interface ServeOptions extends WorkerSettings {
  /** Reads the records, in the namespace that it is connected to. It is not closed with the worker. */
  readonly client: Client;
  /** Seconds that a launcher without work, or the planner of a run that has none, is kept. @defaultValue 300 */
  readonly idle?: number | undefined;
  /** Milliseconds between two looks at the list of deployments. @defaultValue 1000 */
  readonly pollInterval?: number | undefined;
  /** Milliseconds after which a deployment is looked at again, and one that cannot be served is tried again. @defaultValue 60000 */
  readonly refreshInterval?: number | undefined;
  /** Called once, when all that is on record is polled. */
  readonly onReady?: ((ready: ServeReady) => void) | undefined;
  /** Gets what answers health checks. */
  readonly onHealth?: ((source: HealthSource) => void) | undefined;
}

/** What is served at the beginning. */
export interface ServeReady {
  /** Names, sorted. */
  readonly deployments: readonly string[];
  /** Tasks at a time, over all deployments. */
  readonly maxWorkers: number;
}

/** A process that serves a namespace. */
export interface Serving {
  /**
   * Serve until {@link shutdown}; then drain within the grace period and end every task process. Call once.
   *
   * @throws MftError `NAMESPACE_NOT_FOUND`; what Temporal's client throws where the server does not answer at the beginning
   */
  run(): Promise<void>;
  /** Stop polling; running tasks may finish within the grace period. */
  shutdown(): void;
  /** End every task process now, without grace. */
  kill(): Promise<void>;
  /** What it says of itself to health checks. */
  health(): Promise<HealthReport>;
}
