import { DEFAULT_GRACE } from '../worker/settings.js';
import { underSignals } from '../worker/signals.js';
import type { ServeOptions, Serving } from './options.js';

/**
 * Make what serves every deployment that is recorded in a namespace, as they come and go: one Temporal Worker a task queue, one bound on
 * tasks for all of them. Polls nothing before its `run`.
 *
 * @throws MftError `BAD_MAX_WORKERS`, `BAD_CAPACITY`
 * @example
 * ```ts
 * const serving = await createDeploymentServer({ client, connection: native.connection, maxWorkers: 8 });
 * setTimeout(() => serving.shutdown(), 60_000);
 * await serving.run();
 * ```
 */
export async function createDeploymentServer(options: ServeOptions): Promise<Serving> {
  const [{ createServing }, { installRuntime }] = await Promise.all([
    // Loads the step runner and Temporal's worker, which nobody waits for who only starts and watches runs.
    import('./serving.js'),
    import('../worker/temporal-runtime.js'),
  ]);
  await installRuntime(options.logger);
  return createServing(options);
}

/**
 * Serve every deployment that is recorded in a namespace until SIGTERM or SIGINT: the first drains within the grace period, the second
 * ends all tasks at once.
 *
 * @throws MftError `BAD_MAX_WORKERS`, `BAD_CAPACITY`, `NAMESPACE_NOT_FOUND`
 * @example
 * ```ts
 * const [{ client }, native] = await Promise.all([connect(), connectWorker()]);
 * await serveDeployments({ ...native, client, onReady: ({ deployments }) => console.log(deployments) });
 * ```
 */
export async function serveDeployments(options: ServeOptions): Promise<void> {
  const serving = await createDeploymentServer(options);
  options.onHealth?.(() => serving.health());
  await underSignals(serving, { grace: options.grace ?? DEFAULT_GRACE, logger: options.logger }, () => serving.run());
}
