import { checkPython, type StepRunnerOptions } from '@mft/step-runner';
import { prebuiltWorkflowBundle } from '../assets.js';
import { createAnnouncer } from '../events/announce.js';
import { attributesOf } from '../search/check.js';
import type { HealthReport, WorkerState } from '../service/health.js';
import { isConnected } from '../service/worker-health.js';
import { defaultMaxWorkers } from '../worker/capacity.js';
import { checkedMaxWorkers, DEFAULT_GRACE, runnerSettings } from '../worker/settings.js';
import { memoryOptions, resourceSlots } from '../worker/slots.js';
import { createSharedBound } from './bound.js';
import { Catalog, type CatalogRecord } from './catalog.js';
import type { ServeOptions, Serving } from './options.js';
import { QueueWorker, type QueueContext } from './queue.js';
import { Troubles } from './troubles.js';

/*
 * All deployments of a namespace in one process.
 *
 * S1. What is polled follows from what is on record: every look at the catalog is followed by a comparison of the two, so that nothing
 *     depends on having seen a change.
 * S2. A deployment that this machine cannot serve is not polled for: its runs wait for a machine that can, and no other deployment
 *     notices.
 */

const DEFAULTS = { poll: 1000, refresh: 60_000, idle: 300 };
/** Workers that are made at once: each takes a third of a second of processor time. */
const AT_ONCE = 4;

/** Make what serves a namespace. Polls nothing before its `run`. */
export async function createServing(options: ServeOptions): Promise<Serving> {
  const { targets } = options;
  const most = options.maxWorkers ?? defaultMaxWorkers();
  const supplier = targets === undefined ? undefined : await resourceSlots(targets, most);
  const server = new Server(options, options.workflowBundle ?? (await prebuiltWorkflowBundle()), supplier);
  return {
    run: () => server.run(),
    shutdown: () => server.shutdown(),
    kill: () => server.kill(),
    health: () => server.health(),
  };
}

class Server {
  readonly #options: ServeOptions;
  readonly #catalog: Catalog;
  readonly #context: QueueContext;
  readonly #queues = new Map<string, QueueWorker>();
  readonly #troubles: Troubles;
  /** When a task queue that could not be polled is tried again, milliseconds since the epoch. */
  readonly #tryAgain = new Map<string, number>();
  /** Whether an interpreter has Metaflow, and until when that is believed. */
  readonly #pythons = new Map<string, { readonly check: Promise<unknown>; readonly until: number }>();
  readonly #stop = new AbortController();
  #state: WorkerState = 'starting';

  constructor(
    options: ServeOptions,
    workflowBundle: { readonly code: string },
    supplier: QueueContext['supplier'] | undefined,
  ) {
    const { client, logger, grace = DEFAULT_GRACE, idle = DEFAULTS.idle, python, env } = options;
    this.#options = options;
    this.#troubles = new Troubles(logger);
    const maxWorkers = checkedMaxWorkers(options.maxWorkers ?? defaultMaxWorkers());
    this.#catalog = new Catalog(client, {
      poll: options.pollInterval ?? DEFAULTS.poll,
      refresh: options.refreshInterval ?? DEFAULTS.refresh,
      logger,
      ...(python === undefined ? {} : { python }),
      ...(env === undefined ? {} : { env }),
    });
    this.#context = {
      ...{ settings: options, client, workflowBundle, maxWorkers, grace, idle, supplier },
      bound: createSharedBound(maxWorkers, memoryOptions(options)),
      searchAttributes: attributesOf({ ...options, namespace: client.options.namespace }),
      announce: createAnnouncer(() => client),
      refresh: (taskQueue) => this.#refresh(taskQueue),
      launcherFailed: (name, error) =>
        this.#troubles.tell(`launcher ${name}`, `${name}: Python does not start: ${error.message}`),
    };
  }

  async run(): Promise<void> {
    // What is wrong with the server or its namespace is said at once, rather than tried for ever.
    await this.#catalog.look();
    await this.#compare();
    if (!this.#stop.signal.aborted) {
      this.#state = 'running';
      this.#options.onReady?.({ deployments: this.#served(), maxWorkers: this.#context.maxWorkers });
    }
    await this.#catalog.keepLooking(this.#stop.signal, () => this.#compare());
    await Promise.allSettled([...this.#queues.values()].map(({ ended }) => ended));
    this.#state = 'stopped';
  }

  shutdown(): void {
    this.#state = 'draining';
    this.#stop.abort();
    for (const queue of this.#queues.values()) queue.shutdown();
  }

  async kill(): Promise<void> {
    this.shutdown();
    await Promise.all([...this.#queues.values()].map((queue) => queue.kill()));
  }

  async health(): Promise<HealthReport> {
    const queues = [...this.#queues.values()].map((queue) => queue.health());
    return {
      state: this.#state,
      connected: await isConnected(this.#options.connection),
      deployments: queues.flatMap(({ deployments }) => deployments),
      tasks: queues.reduce((sum, { tasks }) => sum + tasks, 0),
    };
  }

  /** Make what is polled what is on record. Never rejects. */
  async #compare(): Promise<void> {
    const wanted = byQueue(await this.#servable());
    for (const [taskQueue, queue] of this.#queues) {
      if (!wanted.has(taskQueue)) queue.retire();
    }
    const all = [...wanted.values()];
    for (let i = 0; i < all.length && !this.#stop.signal.aborted; i += AT_ONCE) {
      await Promise.all(all.slice(i, i + AT_ONCE).map((records) => this.#serve(records)));
    }
  }

  async #serve(records: readonly CatalogRecord[]): Promise<void> {
    const taskQueue = (records[0] as CatalogRecord).taskQueue;
    const polled = this.#queues.get(taskQueue);
    if (polled !== undefined) return polled.serve(records);
    if ((this.#tryAgain.get(taskQueue) ?? 0) > Date.now()) return;
    this.#tryAgain.set(taskQueue, Date.now() + this.#again);
    try {
      const queue = await QueueWorker.start(records, this.#context);
      this.#queues.set(taskQueue, queue);
      this.#tryAgain.delete(taskQueue);
      this.#troubles.forget(taskQueue);
      // The signal came while it was made.
      if (this.#stop.signal.aborted) queue.shutdown();
      void queue.ended
        .then(
          () => this.#options.logger?.info(`${taskQueue}: polled no more`),
          (error: unknown) => {
            this.#tryAgain.set(taskQueue, Date.now() + this.#again);
            this.#troubles.tell(taskQueue, `The worker of ${taskQueue} failed, which is tried again: ${String(error)}`);
          },
        )
        .finally(() => this.#queues.delete(taskQueue));
    } catch (error) {
      const names = records.map(({ name }) => name).join(', ');
      this.#troubles.tell(taskQueue, `${names} cannot be served, which is tried again: ${(error as Error).message}`);
    }
  }

  /** The deployments on record that this machine has a Python for; each interpreter is tried once, a bad one again now and then. */
  async #servable(): Promise<CatalogRecord[]> {
    const options: Pick<StepRunnerOptions, 'python' | 'env' | 'extensionPath'> = runnerSettings(this.#options);
    const found = this.#catalog.records.map(async (record) => {
      const { name, config } = record;
      const key = options.python ?? config.interpreter;
      const known = this.#pythons.get(key);
      const check = known !== undefined && known.until > Date.now() ? known.check : checkPython(config, options);
      if (check !== known?.check) this.#pythons.set(key, { check, until: Date.now() + this.#again });
      try {
        await check;
        if (check === this.#pythons.get(key)?.check) this.#pythons.set(key, { check, until: Infinity });
        this.#troubles.forget(name);
        return [record];
      } catch (error) {
        this.#troubles.tell(name, `${name} cannot be served, which is tried again: ${(error as Error).message}`);
        return [];
      }
    });
    return (await Promise.all(found)).flat();
  }

  async #refresh(taskQueue: string): Promise<void> {
    const names = this.#queues.get(taskQueue)?.deployments.map(({ name }) => name) ?? [];
    // The list first: a deployment that is new may be what is asked for.
    await this.#catalog.look();
    await this.#catalog.read(names);
    const records = this.#catalog.records.filter((record) => record.taskQueue === taskQueue);
    if (records.length > 0) this.#queues.get(taskQueue)?.serve(records);
  }

  /** Milliseconds after which what could not be done is tried again. */
  get #again(): number {
    return this.#options.refreshInterval ?? DEFAULTS.refresh;
  }

  #served(): string[] {
    return [...this.#queues.values()].flatMap(({ deployments }) => deployments.map(({ name }) => name)).sort();
  }
}

function byQueue(records: readonly CatalogRecord[]): Map<string, CatalogRecord[]> {
  const queues = new Map<string, CatalogRecord[]>();
  for (const record of records) queues.set(record.taskQueue, [...(queues.get(record.taskQueue) ?? []), record]);
  return queues;
}
