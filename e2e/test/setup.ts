import type { TestProject } from 'vitest/node';
import { startBroker } from '../lib/backends.mjs';
import { serverForTests } from '../lib/server.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the servers, one for each file that runs at a time: `mft serve` takes up every deployment of its server. */
    addresses: string[];
    /** URL of what starts S3 and the metadata service for whoever asks first. */
    broker: string;
  }
}

/**
 * A server for each file that runs at a time, private and gone with the suite. In the mode `integration` (`npm run test:integration`) it is the one that
 * `TEMPORAL_ADDRESS` names, for one file after the other: an address that happens to be in the environment is not enough, it may be somebody's production.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const integration = project.vite.config.mode === 'integration';
  const given = integration ? process.env['TEMPORAL_ADDRESS'] : undefined;
  const count = given ? 1 : project.config.maxWorkers;
  const servers = await Promise.all(Array.from({ length: Number(count) }, () => serverForTests(given)));
  project.provide(
    'addresses',
    servers.map(({ address }) => address),
  );
  const broker = await startBroker();
  project.provide('broker', broker.url);
  return async () => {
    await broker.stop();
    await Promise.all(servers.map((server) => server.stop()));
  };
}
