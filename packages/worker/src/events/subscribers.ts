import type { TriggerSource } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { readEach } from '../deployment/many.js';
import { waitingNames } from '../deployment/names.js';
import type { DeploymentMemo } from '../deployment/packing.js';
import { readMemo } from '../deployment/record.js';

/** A deployment that waits for an event. */
export interface Subscriber {
  readonly memo: DeploymentMemo;
  readonly source: TriggerSource;
}

/**
 * The deployments of a namespace that wait for events.
 *
 * What was read longer ago than `maxAge` is not believed: a deployment that was made or changed before that is seen.
 */
export class Subscribers {
  readonly #client: Client;
  readonly #maxAge: number;
  #read: { readonly from: number; readonly memos: Promise<readonly DeploymentMemo[]> } | undefined;

  /** @param maxAge - milliseconds */
  constructor(client: Client, maxAge: number) {
    this.#client = client;
    this.#maxAge = maxAge;
  }

  /**
   * Those that wait for an event of this name, sorted by name.
   *
   * @throws what Temporal's client throws where the server does not answer
   */
  async of(event: string): Promise<Subscriber[]> {
    return (await this.#memos()).flatMap((memo) => {
      const source = memo.triggers?.on.find(({ name }) => name === event);
      return source === undefined ? [] : [{ memo, source }];
    });
  }

  #memos(): Promise<readonly DeploymentMemo[]> {
    const now = Date.now();
    if (this.#read !== undefined && now - this.#read.from < this.#maxAge) return this.#read.memos;
    const reading = { from: now, memos: readAll(this.#client) };
    this.#read = reading;
    reading.memos.catch(() => {
      if (this.#read === reading) this.#read = undefined;
    });
    return reading.memos;
  }
}

async function readAll(client: Client): Promise<DeploymentMemo[]> {
  const names = (await waitingNames(client)).sort();
  const memos = await readEach(client, names, (name) => readMemo(client, name));
  // What was deleted or waits for nothing any more may still be listed.
  return memos.flatMap((memo) => (memo?.triggers === undefined ? [] : [memo]));
}
