import path from 'node:path';
import { beforeAll, inject } from 'vitest';
import { backendsHere, s3Environment, type RunningBackends } from '../lib/backends.mjs';
import { ROOT } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import type { Bench } from './support.js';

/** What can be tested on this machine; the rest is reported as skipped. */
export const here = backendsHere();

/** The flow that leaves the machine, and the option that its package needs: there is a data file beside its modules. */
export const REMOTE = path.join(ROOT, 'e2e/fixtures/remote/remote.py');
export const SUFFIXES = '--package-suffixes=.py,.txt';

/** The servers, once the tests of the file begin. */
export interface Backends {
  /** URL of the metadata service. */
  readonly service: string;
  /** URL of the S3 server. */
  readonly s3: string;
  /** Environment of whoever keeps artifacts in that bucket. */
  bucket(name: string): Record<string, string>;
}

/** Start the servers, or find them started by the tests of another file. */
export function useBackends(): Backends {
  let running: RunningBackends = {};
  beforeAll(async () => {
    const answer = await fetch(inject('broker'));
    if (!answer.ok) throw new Error(await answer.text());
    running = (await answer.json()) as RunningBackends;
  });
  return {
    get service() {
      return running.service?.url ?? '';
    },
    get s3() {
      return running.s3?.url ?? '';
    },
    bucket: (name) => (running.s3 ? s3Environment(running.s3, name) : {}),
  };
}

/** Environment in which the client and the commands use these backends without being told by flags. */
export function defaults(datastore: string, metadata: string, service: string): Record<string, string> {
  return {
    METAFLOW_DEFAULT_DATASTORE: datastore,
    METAFLOW_DEFAULT_METADATA: metadata,
    ...(metadata === 'service' ? { METAFLOW_SERVICE_URL: service } : {}),
  };
}

/** The bench of somebody who reads with this environment. */
export function readerOf(bench: Bench, env: Record<string, string>, cwd = bench.directory): Bench {
  const python = bench.env.METAFLOW_PYTHON ?? 'python3';
  return { ...bench, env, python: (...args: string[]) => run(python, args, { cwd, env }) };
}
