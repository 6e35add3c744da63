import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, inject } from 'vitest';
import { EXAMPLES, FLOWS } from '../lib/paths.mjs';
import { isolated, mft, run } from '../lib/process.mjs';
import { connect } from '../lib/temporal.mjs';
import type { RunningWorker } from '../lib/worker.mjs';

export { EXAMPLES, FLOWS };

/** A folder outside the repository, a datastore in it, and a server. */
export interface Bench {
  readonly directory: string;
  readonly address: string;
  readonly client: Client;
  readonly env: Record<string, string>;
  /** `mft …` in the folder. */
  mft(...args: string[]): ReturnType<typeof mft>;
  /** `node …` in the folder. */
  node(...args: string[]): ReturnType<typeof run>;
  /** `python …` in the folder. */
  python(...args: string[]): ReturnType<typeof run>;
  /** End this worker with the tests, whatever becomes of them. */
  keep(worker: RunningWorker): RunningWorker;
}

/**
 * A bench for the tests of one file; its folder and its workers are gone when they are done.
 *
 * @param extra - further environment variables
 */
export function useBench(extra: Record<string, string> = {}): Bench {
  const addresses = inject('addresses');
  // Of files that run at the same time each has another number, from 1.
  const address = addresses[(Number(process.env.VITEST_POOL_ID ?? 1) - 1) % addresses.length]!;
  const directory = mkdtempSync(path.join(tmpdir(), 'mft-e2e-'));
  const env = isolated(directory, {
    TEMPORAL_ADDRESS: address,
    XDG_CACHE_HOME: path.join(directory, 'cache'),
    ...extra,
  });
  const options = { cwd: directory, env };
  const workers: RunningWorker[] = [];
  const bench = {
    ...{ directory, address, env, client: undefined as unknown as Client },
    mft: (...args: string[]) => mft(args, options),
    node: (...args: string[]) => run(process.execPath, args, options),
    python: (...args: string[]) => run(env.METAFLOW_PYTHON ?? 'python3', args, options),
    keep: (worker: RunningWorker) => {
      workers.push(worker);
      return worker;
    },
  };
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const connected = await connect(address);
    bench.client = connected.client;
    close = connected.close;
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await close?.();
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  return bench;
}

/** What Metaflow's client answers to a Python expression of `run`. */
export async function ask(bench: Bench, pathspec: string, expression: string): Promise<unknown> {
  const program = `import json, sys, metaflow\nmetaflow.namespace(None)\nrun = metaflow.Run(sys.argv[1])\nprint(json.dumps(${expression}))`;
  const result = await bench.python('-c', program, pathspec);
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout);
}
