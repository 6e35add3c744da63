import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFlow, configHash, type CompileOptions } from '@mft/compiler';
import type { FlowConfig } from '@mft/graph';
import { execa } from 'execa';
import { python } from './deployment.js';

/** What `mft create` has compiled and saved. */
export interface Version {
  readonly config: FlowConfig;
  readonly hash: string;
}

/** A place where flows are deployed from: a sysroot and a home of its own. */
export interface Site {
  readonly folder: string;
  /**
   * Compile `served.py` and save its code package.
   *
   * @param label - what the flow's artifact `version` holds
   */
  compile(label: string, options?: CompileOptions): Promise<Version>;
  /** Compile a flow's file where it lies, with its code package saved to this site. */
  compileFile(file: string): Promise<Version>;
  /** Print an expression through Metaflow's client. */
  ask(expression: string): Promise<string>;
  remove(): Promise<void>;
}

/** An environment that says nothing of any site: a worker's. */
export function bareEnvironment(home: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(METAFLOW|TEMPORAL|NODE|VITEST)/.test(name));
  return { ...Object.fromEntries(inherited), METAFLOW_HOME: home, METAFLOW_USER: 'tester' };
}

/** Make a site. */
export async function makeSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'mft-site-'));
  const env = { ...bareEnvironment(join(folder, 'home')), METAFLOW_DATASTORE_SYSROOT_LOCAL: folder };
  const source = await readFile(new URL('../fixtures/served.py', import.meta.url), 'utf8');
  let count = 0;
  return {
    folder,
    compile: async (label, options = {}) => {
      const place = join(folder, `source-${count++}`);
      await mkdir(place);
      const file = join(place, 'served.py');
      await writeFile(file, source.replace('version 1', label));
      const config = await compileFlow(file, { python, env, savePackage: true, ...options });
      // What is deployed needs no file any more.
      await rm(place, { recursive: true });
      return { config, hash: configHash(config) };
    },
    compileFile: async (file) => {
      const config = await compileFlow(file, { python, env, savePackage: true });
      return { config, hash: configHash(config) };
    },
    ask: async (expression) => {
      const script = `import metaflow; metaflow.namespace(None); print(${expression})`;
      return (await execa(python, ['-c', script], { extendEnv: false, env, cwd: folder })).stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
