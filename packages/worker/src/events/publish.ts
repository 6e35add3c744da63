import { isMftError } from '@mft/graph';
import type { Client } from '@temporalio/client';
import type { ReadOptions } from '../deployment/record.js';
import { Configs } from './configs.js';
import { deliver, type Delivery } from './deliver.js';
import { checkEvent, type EventToPublish } from './event.js';
import { Subscribers, type Subscriber } from './subscribers.js';

/*
 * Publishing: each deployment that waits for an event gets its run, or its signal, from the publisher itself. Nothing of ours stands in
 * between that could be down.
 *
 * P1. Once a publication has returned, the server has all of it on disk.
 * P2. At least once: after an error the same event, of the same id, may be published again, and whoever has had it drops it.
 * P3. What one deployment refuses concerns no other.
 */

/** A run that an event has started. */
export interface EventRun {
  readonly deployment: string;
  /** `Flow/run` */
  readonly pathspec: string;
  readonly runId: string;
  readonly workflowId: string;
}

/** A deployment whose parameters do not take what the event gives. */
export interface EventRefusal {
  readonly deployment: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What became of an event: each deployment that waits for it is in one of the lists. */
export interface Published {
  readonly name: string;
  readonly id: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly started: readonly EventRun[];
  /** Names of deployments that wait for other events as well: the last one starts the run. */
  readonly pending: readonly string[];
  /** Names of deployments that have had an event of this name and id. */
  readonly duplicates: readonly string[];
  readonly refused: readonly EventRefusal[];
}

/** How a publisher works. */
export interface PublisherOptions extends ReadOptions {
  /** Milliseconds for which it believes what it has read of the deployments on record. @defaultValue 1000 */
  readonly maxAge?: number;
}

/** Publishes any number of events. */
export interface Publisher {
  /**
   * Publish an event.
   *
   * @throws MftError `INVALID_EVENT`, `EVENT_TOO_LARGE`; what Temporal's client throws where the server does not answer: then publish it
   * again, with the same id
   */
  publish(event: EventToPublish): Promise<Published>;
}

const MAX_AGE = 1000;
/** Deployments that an event is brought to at the same time. */
const AT_ONCE = 20;

/**
 * A publisher for many events: the deployments on record are read once a second at most, rather than for each event.
 *
 * @example
 * ```ts
 * const publisher = createPublisher(client);
 * for (const table of tables) await publisher.publish({ name: 'data_ready', payload: { table }, id: table });
 * ```
 */
export function createPublisher(client: Client, options: PublisherOptions = {}): Publisher {
  const subscribers = new Subscribers(client, options.maxAge ?? MAX_AGE);
  const configs = new Configs();
  return {
    publish: async (given) => {
      const event = checkEvent(given);
      const found = await subscribers.of(event.name);
      const results: Result[] = [];
      for (let i = 0; i < found.length; i += AT_ONCE) {
        const some = found.slice(i, i + AT_ONCE);
        results.push(...(await Promise.all(some.map((one) => attempt(client, one, event, configs, options)))));
      }
      const failed = results.find((result) => result.outcome === 'failed');
      if (failed !== undefined) throw failed.error;
      const { name, id, timestamp } = event;
      return { name, id, timestamp, ...sorted(results) };
    },
  };
}

/**
 * Publish one event: start a run of each deployment whose `@trigger` or `@trigger_on_finish` waits for it.
 *
 * @param client - a connected client
 * @throws MftError as {@link Publisher.publish}
 * @example
 * ```ts
 * const { started, refused } = await publishEvent(client, { name: 'data_ready', payload: { table: 'sales' } });
 * ```
 */
export async function publishEvent(
  client: Client,
  event: EventToPublish,
  options: ReadOptions = {},
): Promise<Published> {
  return createPublisher(client, options).publish(event);
}

type Result = { readonly deployment: string } & (
  | Delivery
  | { readonly outcome: 'refused'; readonly why: EventRefusal }
  | { readonly outcome: 'failed'; readonly error: unknown }
);

async function attempt(
  client: Client,
  subscriber: Subscriber,
  event: Parameters<typeof deliver>[2],
  configs: Configs,
  options: ReadOptions,
): Promise<Result> {
  const { deployment } = subscriber.memo;
  try {
    return { deployment, ...(await deliver(client, subscriber, event, configs, options)) };
  } catch (error) {
    if (!isMftError(error) || error.code === 'NAMESPACE_NOT_FOUND') return { deployment, outcome: 'failed', error };
    const { code, message, hint } = error;
    return {
      deployment,
      outcome: 'refused',
      why: { deployment, code, message, ...(hint === undefined ? {} : { hint }) },
    };
  }
}

function sorted(results: readonly Result[]): Pick<Published, 'started' | 'pending' | 'duplicates' | 'refused'> {
  const named = (outcome: Result['outcome']): string[] =>
    results.filter((result) => result.outcome === outcome).map(({ deployment }) => deployment);
  return {
    started: results.flatMap((result) => {
      if (result.outcome !== 'started') return [];
      const { pathspec, runId, workflowId } = result.run;
      return [{ deployment: result.deployment, pathspec, runId, workflowId }];
    }),
    pending: named('pending'),
    duplicates: named('duplicate'),
    refused: results.flatMap((result) => (result.outcome === 'refused' ? [result.why] : [])),
  };
}
