import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchAttributeName } from '@mft/graph';
import { createStepActivities, type StepRunner } from '@mft/step-runner';
import type { Client } from '@temporalio/client';
import type { ActivitySlotInfo, SlotSupplier, Worker } from '@temporalio/worker';
import type { createAnnouncer } from '../events/announce.js';
import type { DeploymentHealth } from '../service/health.js';
import { ACTIVITY_POLLERS, runnerSettings, temporalSettings, type WorkerSettings } from '../worker/settings.js';
import { tunerOf } from '../worker/slots.js';
import { createTemporalWorker } from '../worker/temporal-worker.js';
import type { SharedBound } from './bound.js';
import type { CatalogRecord } from './catalog.js';

/*
 * One task queue: a Temporal Worker, a step runner behind it, and the deployments that name the queue.
 *
 * Q1. A run that names a config gets it, whichever of the queue's deployments has it; one that names none gets the newest on record.
 * Q2. A new version changes what new runs get, and nothing else.
 * Q3. A queue whose deployments were deleted is polled until its open runs have ended: they are left alone, not left behind.
 */

/** What the queues of a process share. */
export interface QueueContext {
  readonly settings: WorkerSettings;
  readonly client: Client;
  readonly bound: SharedBound;
  /** Where slots follow the machine's load: what gives them, within {@link QueueContext.maxWorkers}. @defaultValue the bound does */
  readonly supplier?: (() => SlotSupplier<ActivitySlotInfo>) | undefined;
  /** Tells the deployments that wait for a run that it has completed. */
  readonly announce: ReturnType<typeof createAnnouncer>;
  readonly workflowBundle: { readonly code: string };
  /** Search attributes that the namespace has. */
  readonly searchAttributes: () => Promise<readonly SearchAttributeName[]>;
  /** Tasks at a time. */
  readonly maxWorkers: number;
  /** Seconds. */
  readonly grace: number;
  /** Seconds that a launcher without work is kept. */
  readonly idle: number;
  /** Read the queue's deployments anew; {@link QueueWorker.serve} is called before it resolves. */
  refresh(taskQueue: string): Promise<void>;
  /** A launcher could not be started. */
  launcherFailed(name: string, error: Error): void;
}

/** Milliseconds between two looks at the open runs of a queue that nobody deploys to any more. */
const RETIRE_EVERY = 2000;

/** Polls one task queue. */
export class QueueWorker {
  readonly taskQueue: string;
  /** Settles when it polls no more and all of its processes have ended; rejects where Temporal's worker failed. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #runner: StepRunner;
  readonly #context: QueueContext;
  #records: readonly CatalogRecord[];
  #retiring = false;
  #killed: Promise<void> | undefined;

  private constructor(worker: Worker, runner: StepRunner, records: readonly CatalogRecord[], context: QueueContext) {
    this.taskQueue = worker.options.taskQueue;
    this.#worker = worker;
    this.#runner = runner;
    this.#context = context;
    this.#records = records;
    this.ended = this.#run();
    this.ended.catch(() => undefined);
  }

  /**
   * Begin to poll a task queue.
   *
   * @param records - its deployments, one at least
   * @throws MftError `NAMESPACE_NOT_FOUND`, and what Temporal's worker throws
   */
  static async start(records: readonly CatalogRecord[], context: QueueContext): Promise<QueueWorker> {
    const { settings, bound, maxWorkers, grace, idle, client, announce } = context;
    const { taskQueue, config, hash } = newestOf(records);
    // The worker that the runner asks for is made of the runner.
    let own: QueueWorker | undefined;
    const runner = createStepActivities({
      ...{ config, hash, idle, keepCurrent: false, slots: bound.slots, announce },
      ...{ searchAttributes: context.searchAttributes, ...runnerSettings(settings) },
      resolve: async (wanted) => {
        await context.refresh(taskQueue);
        return own?.deployments.find((record) => record.hash === wanted)?.config;
      },
      beforeCurrent: () => context.refresh(taskQueue),
      onLauncherFailure: ({ name }, error) => context.launcherFailed(name, error),
    });
    const limit = (): number => newestOf(own?.deployments ?? records).config.maxWorkers ?? Infinity;
    try {
      const worker = await createTemporalWorker({
        ...temporalSettings(taskQueue, maxWorkers, grace),
        // Each waits with a slot (see `bound.ts`): few where nothing is to be done.
        activityTaskPollerBehavior: {
          type: 'autoscaling',
          ...{ minimum: 1, initial: Math.min(maxWorkers, 2), maximum: Math.min(maxWorkers, ACTIVITY_POLLERS) },
        },
        maxCachedWorkflows: 100,
        tuner: tunerOf(context.supplier?.() ?? bound.supplier(limit)),
        connection: settings.connection,
        namespace: client.options.namespace,
        dataConverter: settings.dataConverter,
        workflowBundle: context.workflowBundle,
        activities: { ...runner.activities },
        ...settings.temporal,
      });
      own = new QueueWorker(worker, runner, [], context);
      own.serve(records);
      return own;
    } catch (error) {
      await runner.close(0);
      throw error;
    }
  }

  /** What is served now. */
  get deployments(): readonly CatalogRecord[] {
    return this.#records;
  }

  /** Whether it goes on only for the runs of deployments that are no more. */
  get retiring(): boolean {
    return this.#retiring;
  }

  /** Serve these deployments from now on; those that are left out are served no more to new runs. */
  serve(records: readonly CatalogRecord[]): void {
    const { logger } = this.#context.settings;
    this.#retiring = false;
    for (const { name, hash, config, places, createdAt } of records) {
      const known = this.#records.find((record) => record.name === name);
      if (known?.hash === hash) continue;
      const what = known === undefined ? 'served' : 'new version served';
      logger?.info(`${name}: ${what}, task queue ${this.taskQueue}, created ${createdAt}`);
      this.#runner.learn(config, hash, places);
    }
    for (const { name } of this.#records) if (!records.some((record) => record.name === name)) this.#tellGone(name);
    const before = this.#records.length === 0 ? undefined : newestOf(this.#records).hash;
    this.#records = records;
    const { config, hash } = newestOf(records);
    if (hash !== before) this.#runner.update(config, hash);
  }

  /** Poll until no run of the queue is open, then stop. */
  retire(): void {
    if (this.#retiring) return;
    this.#retiring = true;
    for (const { name } of this.#records) this.#tellGone(name);
    void this.#retire();
  }

  /** Stop polling; running tasks may finish within the grace period. */
  shutdown(): void {
    if (this.#worker.getState() === 'RUNNING') this.#worker.shutdown();
  }

  /** End every task process now. */
  kill(): Promise<void> {
    this.shutdown();
    return (this.#killed ??= this.#runner.close(0));
  }

  /** What it says of itself to health checks. */
  health(): { readonly deployments: readonly DeploymentHealth[]; readonly tasks: number } {
    const status = this.#worker.getStatus();
    const polling =
      status.runState === 'RUNNING' &&
      status.workflowPollerState === 'POLLING' &&
      status.activityPollerState === 'POLLING';
    const { taskQueue } = this;
    return {
      deployments: this.#records.map(({ name, hash }) => ({ name, hash, taskQueue, polling })),
      tasks: status.numInFlightNonLocalActivities,
    };
  }

  #tellGone(name: string): void {
    this.#context.settings.logger?.info(`${name}: no longer deployed to ${this.taskQueue}; open runs go on`);
  }

  async #run(): Promise<void> {
    try {
      await this.#worker.run();
    } finally {
      while (!['STOPPED', 'FAILED'].includes(this.#worker.getState())) await sleep(20);
      await (this.#killed ?? this.#runner.close(this.#context.grace * 1000));
    }
  }

  async #retire(): Promise<void> {
    const query = `TaskQueue = '${this.taskQueue.replaceAll("'", "''")}' AND ExecutionStatus = 'Running'`;
    const waits = (): boolean => this.#retiring && this.#worker.getState() === 'RUNNING';
    while (waits()) {
      // Not at once: a run that has just started is not in the list yet.
      await sleep(RETIRE_EVERY);
      const open = await this.#context.client.workflow.count(query).catch(() => undefined);
      if (open?.count === 0 && waits()) this.shutdown();
    }
  }
}

/** The deployment that was created last. */
function newestOf(records: readonly CatalogRecord[]): CatalogRecord {
  return records.reduce((newest, record) => (record.createdAt > newest.createdAt ? record : newest));
}
