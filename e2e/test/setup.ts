import type { TestProject } from 'vitest/node';
import { startBroker } from '../lib/backends.mjs';
import { serverForTests } from '../lib/server.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the server that every test uses. */
    address: string;
    /** URL of what starts S3 and the metadata service for whoever asks first. */
    broker: string;
  }
}

/**
 * One server for the whole suite, private and gone with it. In the mode `integration` (`npm run test:integration`) it is the one that
 * `TEMPORAL_ADDRESS` names: an address that happens to be in the environment is not enough, it may be somebody's production.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const integration = project.vite.config.mode === 'integration';
  const server = await serverForTests(integration ? process.env['TEMPORAL_ADDRESS'] : undefined);
  project.provide('address', server.address);
  const broker = await startBroker();
  project.provide('broker', broker.url);
  return async () => {
    await broker.stop();
    await server.stop();
  };
}
