import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredPlace } from '@mft/step-runner';
import type { Client } from '@temporalio/client';
import { endingWith } from '../connection/ending.js';
import { deploymentNames } from '../deployment/names.js';
import { unpackDeployment } from '../deployment/packing.js';
import { readMemo, summaryOf, type DeploymentRecord, type ReadOptions } from '../deployment/record.js';
import type { Logger } from '../worker/logger.js';
import { Troubles } from './troubles.js';

/*
 * The deployments on record, as this process knows them.
 *
 * K1. The list tells of new ones within a poll; it may lag behind and may be cut short, so that one is gone only when asking for it by
 *     name says so.
 * K2. What was read later wins, however long the reading took.
 * K3. One that cannot be read takes nothing along: the version that was read before stays, and it is tried again now and then.
 * K4. A server that is away changes nothing.
 */

/** A deployment on record. */
export interface CatalogRecord extends DeploymentRecord {
  /** Where configs of this version and of earlier ones lie. */
  readonly places: readonly StoredPlace[];
}

/** How a catalog is kept. Times are milliseconds. */
export interface CatalogOptions extends ReadOptions {
  /** Between two looks at the list. */
  readonly poll: number;
  /** Between two looks at one deployment. */
  readonly refresh: number;
  readonly logger?: Logger | undefined;
}

interface Entry {
  record?: CatalogRecord;
  /** Number of the reading that it stems from. */
  reading: number;
  readAgain: number;
}

const AT_ONCE = 10;
/** Milliseconds that the server gets to answer. */
const PATIENCE = 10_000;

/** Keeps track of the deployments of a namespace. */
export class Catalog {
  readonly #client: Client;
  readonly #options: CatalogOptions;
  readonly #troubles: Troubles;
  readonly #entries = new Map<string, Entry>();
  #readings = 0;
  #ends: AbortSignal | undefined;

  constructor(client: Client, options: CatalogOptions) {
    this.#client = client;
    this.#options = options;
    this.#troubles = new Troubles(options.logger);
  }

  /** All that could be read. */
  get records(): CatalogRecord[] {
    return [...this.#entries.values()].flatMap(({ record }) => (record === undefined ? [] : [record]));
  }

  /**
   * Look at the list, and at what is new in it, was not looked at for long, or is gone.
   *
   * @throws what Temporal's client throws where the server does not answer
   */
  async look(): Promise<void> {
    const names = new Set(await this.#client.withDeadline(Date.now() + PATIENCE, () => deploymentNames(this.#client)));
    const now = Date.now();
    const due = [...new Set([...names, ...this.#entries.keys()])].filter((name) => {
      const entry = this.#entries.get(name);
      return entry === undefined || !names.has(name) || entry.readAgain <= now;
    });
    await this.read(due);
  }

  /** Read deployments by name. Never rejects. */
  async read(names: readonly string[]): Promise<void> {
    for (let i = 0; i < names.length; i += AT_ONCE) {
      await Promise.all(names.slice(i, i + AT_ONCE).map((name) => this.#read(name)));
    }
  }

  /**
   * Look again and again.
   *
   * @param signal - ends it, at once
   * @param after - called after each look
   */
  async keepLooking(signal: AbortSignal, after: () => Promise<void>): Promise<void> {
    this.#ends = signal;
    while (!signal.aborted) {
      try {
        await endingWith(signal, this.#client, () => this.look());
        this.#troubles.over('server', 'The Temporal server answers again.');
      } catch (error) {
        this.#troubles.tell('server', `The list of deployments cannot be had, which is tried again: ${textOf(error)}`);
      }
      await after();
      await sleep(this.#options.poll, undefined, { signal }).catch(() => undefined);
    }
  }

  async #read(name: string): Promise<void> {
    const reading = ++this.#readings;
    const readAgain = Date.now() + this.#options.refresh;
    const entry = this.#entries.get(name) ?? { reading: 0, readAgain };
    this.#entries.set(name, entry);
    entry.readAgain = readAgain;
    try {
      const memo = await this.#client.withDeadline(Date.now() + PATIENCE, () => readMemo(this.#client, name));
      if (entry.reading > reading) return;
      if (memo === undefined) {
        this.#entries.delete(name);
        this.#troubles.forget(name);
        return;
      }
      const { hash, createdAt } = summaryOf(memo);
      const known = entry.record;
      if (known?.hash !== hash || known.createdAt !== createdAt) {
        const config = await unpackDeployment(memo, this.#options);
        if (entry.reading > reading) return;
        entry.record = { ...summaryOf(memo), config, places: memo.places };
      }
      entry.reading = reading;
      this.#troubles.forget(name);
    } catch (error) {
      // Whatever it was: it was cancelled.
      if (this.#ends?.aborted === true) return;
      this.#troubles.tell(name, `${name} cannot be served, which is tried again: ${textOf(error)}`);
    }
  }
}

/** Temporal's client says in the cause what went wrong. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
