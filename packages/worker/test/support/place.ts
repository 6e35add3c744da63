import type { Client } from '@temporalio/client';
import { afterAll, beforeAll } from 'vitest';
import {
  connect,
  connectWorker,
  createMetaflowWorker,
  type Connected,
  type MetaflowWorker,
  type MetaflowWorkerOptions,
  type WorkerConnected,
} from '../../src/index.js';
import { deploy, python, type Deployed } from './deployment.js';
import { startServer } from './server.js';

/** A server and a flow that is deployed for it, with workers in this process. Filled before the first test. */
export interface Place {
  readonly address: string;
  readonly client: Client;
  readonly connection: Connected['connection'];
  readonly native: WorkerConnected['connection'];
  readonly deployed: Deployed;
  /** A worker of the deployment, unless the options say otherwise. It has not started. */
  worker(options?: Partial<MetaflowWorkerOptions>): Promise<MetaflowWorker>;
}

/**
 * A place for the tests of one file; it is gone when they are done.
 *
 * @param flow - its file in `test/fixtures`
 */
export function usePlace(flow = 'my_flow.py'): Place {
  // Its fields are there before any test asks for them.
  const place = {} as { -readonly [K in keyof Place]: Place[K] };
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await startServer();
    const { address } = server;
    const [deployed, { client, connection }, native] = await Promise.all([
      deploy(address, flow),
      connect({ address }),
      connectWorker({ address }),
    ]);
    const { config, hash, env, folder } = deployed;
    Object.assign(place, { address, client, connection, native: native.connection, deployed });
    place.worker = (options = {}) =>
      createMetaflowWorker({
        ...{ config, hash, connection: native.connection, namespace: native.namespace },
        ...{ python, env, cacheDirectory: folder, grace: 5, retryWait: 0 },
        ...options,
      });
    close = async () => {
      await Promise.all([connection.close(), native.connection.close()]);
      await server.teardown();
      await deployed.remove();
    };
  }, 120_000);
  afterAll(() => close?.());
  return place;
}
