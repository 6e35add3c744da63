import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_VERSION, MftError, type FlowConfig } from '@mft/graph';
import { execa } from 'execa';

/*
 * C1. A config never changes under its hash: what was read once, here or into the cache on disk, is never read again.
 * C2. A file in the cache is whole or not there.
 */

/** Where configs come from. */
export interface ConfigSources {
  /** The deployment that this worker serves now, and what older configs are sought by: the same flow, the same datastore. */
  readonly current: FlowConfig;
  readonly hash: string;
  readonly cacheDirectory: string;
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
}

const HASH = /^[0-9a-f]{16,128}$/;

/** Configs of this deployment by hash: the current one, those cached on disk, those in the datastore. */
export class ConfigStore {
  readonly #sources: ConfigSources;
  readonly #known = new Map<string, Promise<FlowConfig>>();

  constructor(sources: ConfigSources) {
    this.#sources = sources;
    this.#known.set(sources.hash, Promise.resolve(sources.current));
  }

  /**
   * The config of that hash.
   *
   * @throws MftError `CONFIG_NOT_FOUND` where neither the cache nor the datastore has it.
   *
   * @example
   * ```ts
   * const config = await store.get(hash);
   * ```
   */
  get(hash: string): Promise<FlowConfig> {
    let found = this.#known.get(hash);
    if (!found) {
      found = this.#load(hash);
      this.#known.set(hash, found);
      // A failure may be the datastore's: the next call tries again.
      found.catch(() => this.#known.delete(hash));
    }
    return found;
  }

  async #load(hash: string): Promise<FlowConfig> {
    const { current, cacheDirectory } = this.#sources;
    if (!HASH.test(hash)) throw notFound(current.name, hash);
    const folder = join(cacheDirectory, 'configs', placeOf(current));
    const file = join(folder, `${hash}.json`);
    const cached = await readFile(file, 'utf8').catch(() => undefined);
    if (cached !== undefined) return checked(cached, current, hash);
    const text = await this.#fetch(hash);
    const config = checked(text, current, hash);
    await mkdir(folder, { recursive: true });
    const temporary = `${file}.${randomUUID()}`;
    await writeFile(temporary, text);
    await rename(temporary, file);
    return config;
  }

  async #fetch(hash: string): Promise<string> {
    const { current, python, env } = this.#sources;
    const { type, root } = current.datastore;
    // A root that was not given as an option comes from a sysroot, and then the worker's own comes first.
    const fixed = current.options.includes('--datastore-root') ? ['fixed'] : [];
    const words = ['-m', 'metaflow_extensions.temporal.stored_config', type, root, current.flow.name, hash, ...fixed];
    const result = await execa(python, words, {
      env,
      extendEnv: false,
      reject: false,
      timeout: 120_000,
      cleanup: true,
    });
    if (result.exitCode === 0) return result.stdout;
    if (result.exitCode === 4) throw notFound(current.name, hash);
    throw new Error(
      `The config ${hash} of ${current.name} could not be read from the ${type} datastore at ${root}: ${result.stderr || result.shortMessage}`,
    );
  }
}

/** Hashes of two flows or two datastores never meet in the cache. */
function placeOf(config: FlowConfig): string {
  return createHash('sha256')
    .update(JSON.stringify([config.flow.name, config.datastore]))
    .digest('hex')
    .slice(0, 16);
}

function checked(text: string, current: FlowConfig, hash: string): FlowConfig {
  const config = JSON.parse(text) as Omit<FlowConfig, 'version'> & { readonly version: number };
  if (config.version !== CONFIG_VERSION) {
    throw new MftError(
      'UNKNOWN_CONFIG_VERSION',
      `The config ${hash} of ${current.name} has version ${config.version}, this worker reads ${CONFIG_VERSION}.`,
      {
        hint: 'Run it with a worker of the version that created it.',
        exitCode: 1,
      },
    );
  }
  return { ...config, version: CONFIG_VERSION };
}

function notFound(name: string, hash: string): MftError {
  return new MftError('CONFIG_NOT_FOUND', `There is no deployment of ${name} with hash "${hash}".`, {
    hint: 'Create the deployment again with `mft create`, or start the run without a hash.',
    exitCode: 1,
  });
}
