import type { TestProject } from 'vitest/node';
import { serverForTests } from '../lib/server.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the server that every test uses. */
    address: string;
  }
}

/** One server for the whole suite: what `TEMPORAL_ADDRESS` names, else a private one that ends with the suite. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await serverForTests();
  project.provide('address', server.address);
  return server.stop;
}
