import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFlow, configHash } from '@mft/compiler';
import type { FlowConfig } from '@mft/graph';
import { metaflowPython, UNHURRIED } from '@mft/testing';
import { execa, type ResultPromise } from 'execa';
import { renderWorkerFile } from '../../src/index.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
/** Folder that Temporal's SDK is installed in, for files that lie elsewhere. */
export const SDK = dirname(dirname(dirname(createRequire(import.meta.url).resolve('@temporalio/worker/package.json'))));
export const python = metaflowPython();

/** A flow of `test/fixtures`, deployed to a folder of its own: what `mft create` leaves behind. */
export interface Deployed {
  readonly folder: string;
  readonly flow: string;
  readonly file: string;
  readonly config: FlowConfig;
  readonly hash: string;
  readonly env: NodeJS.ProcessEnv;
  /** Run a generated file; `file` may be a copy. */
  node(args: readonly string[], file?: string, cwd?: string): ResultPromise<{ reject: false }>;
  /** Print an expression through Metaflow's client. */
  ask(expression: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Deploy a flow for the server at `address`.
 *
 * @param name - its file in `test/fixtures`
 */
export async function deploy(address: string, name = 'my_flow.py'): Promise<Deployed> {
  const folder = await mkdtemp(join(tmpdir(), 'mft-worker-'));
  const flow = join(folder, name);
  await copyFile(fixture(name), flow);
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(METAFLOW|TEMPORAL|NODE|VITEST|FORCE_COLOR)/.test(name),
  );
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(inherited),
    METAFLOW_HOME: join(folder, 'home'),
    METAFLOW_USER: 'tester',
    METAFLOW_DATASTORE_SYSROOT_LOCAL: folder,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_CONFIG_FILE: join(folder, 'none.toml'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    MFT_SDK_PATH: SDK,
  };
  const config = await compileFlow(flow, { python, env, savePackage: true });
  const file = join(folder, name.replace(/\.py$/, '_worker.mjs'));
  await writeFile(file, await renderWorkerFile(config));
  const options = { extendEnv: false, env } as const;
  // A worker's account need not have a name: runs belong to whoever deployed the flow.
  const nameless = Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !['METAFLOW_USER', 'SUDO_USER', 'USERNAME', 'USER', 'LOGNAME'].includes(name),
    ),
  );
  return {
    ...{ folder, flow, file, config, env },
    hash: configHash(config),
    node: (args, path = file, cwd = folder) =>
      execa(process.execPath, [path, ...args], {
        ...options,
        env: nameless,
        cwd,
        reject: false,
        ...UNHURRIED,
      }),
    ask: async (expression) =>
      (
        await execa(python, ['-c', `import metaflow; metaflow.namespace(None); print(${expression})`], {
          ...options,
          cwd: folder,
        })
      ).stdout,
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
