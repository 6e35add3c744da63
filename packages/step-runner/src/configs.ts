import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson, MftError, type FlowConfig } from '@mft/graph';
import type { StepRunnerOptions } from './options.js';
import { fetchStoredConfig, parseStoredConfig, placeOf, type StoredPlace } from './stored.js';

/*
 * C1. A config never changes under its hash: what was read once, here or into the cache on disk, is never read again.
 * C2. A file in the cache is whole or not there, and counts only where its content has the hash that it is named after.
 * C3. A config is sought where that costs least: in memory, on disk, on record, then in the datastores of all configs seen here, the
 *     newest first. Each deployment may have brought a datastore of its own.
 */

/** Where configs come from. */
export interface ConfigSources {
  readonly cacheDirectory: string;
  readonly options: Pick<StepRunnerOptions, 'python' | 'extensionPath' | 'env' | 'resolve'>;
}

const HASH = /^[0-9a-f]{16,128}$/;
// Configs in memory; the others are on disk.
const MOST = 200;

/** Configs by hash: the current one, those that this worker was told of, those cached on disk, on record or in a datastore. */
export class ConfigStore {
  readonly #sources: ConfigSources;
  readonly #known = new Map<string, Promise<FlowConfig>>();
  readonly #places = new Map<string, StoredPlace>();
  #current: { readonly config: FlowConfig; readonly hash: string };

  constructor(current: FlowConfig, hash: string, sources: ConfigSources) {
    this.#sources = sources;
    this.#current = { config: current, hash };
    this.learn(current, hash);
  }

  /** Hash of the config that a run gets which names none. */
  get currentHash(): string {
    return this.#current.hash;
  }

  /** Name of the flow or deployment whose config is the current one, for errors. */
  get name(): string {
    return this.#current.config.name;
  }

  /**
   * Know a config, and where others like it lie.
   *
   * @param places - further places to look for configs in, newest first
   */
  learn(config: FlowConfig, hash: string, places: readonly StoredPlace[] = []): void {
    this.#remember(hash, Promise.resolve(config));
    for (const place of [...places].reverse()) this.#addPlace(place);
    this.#addPlace(placeOf(config));
  }

  /** Make a config the one that a run gets which names none. */
  update(config: FlowConfig, hash: string): void {
    this.learn(config, hash);
    this.#current = { config, hash };
  }

  /**
   * Keep a config on disk, for a worker that comes after this one and is asked for it.
   *
   * @throws Error where the cache cannot be written
   */
  async keep(config: FlowConfig, hash: string): Promise<void> {
    if (!HASH.test(hash) || (await this.#read(hash)) !== undefined) return;
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, `${hash}.json`);
    const draft = `${file}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(config));
    await rename(draft, file);
  }

  /**
   * The config of that hash.
   *
   * @throws MftError `CONFIG_NOT_FOUND` where nobody has it, `UNKNOWN_CONFIG_VERSION`; Error where a datastore that may have it cannot be read
   *
   * @example
   * ```ts
   * const config = await store.get(hash);
   * ```
   */
  get(hash: string): Promise<FlowConfig> {
    const known = this.#known.get(hash);
    if (known) return known;
    const found = this.#load(hash);
    this.#remember(hash, found);
    // A failure may be the datastore's: the next call tries again.
    found.catch(() => {
      if (this.#known.get(hash) === found) this.#known.delete(hash);
    });
    return found;
  }

  async #load(hash: string): Promise<FlowConfig> {
    if (!HASH.test(hash)) throw notFound(this.name, hash);
    const cached = await this.#read(hash);
    if (cached !== undefined) return cached;
    const config = (await this.#sources.options.resolve?.(hash)) ?? (await this.#fetch(hash));
    // Next time it is fetched again.
    await this.keep(config, hash).catch(() => undefined);
    return config;
  }

  async #fetch(hash: string): Promise<FlowConfig> {
    let failure: Error | undefined;
    for (const place of [...this.#places.values()].reverse()) {
      try {
        const config = await fetchStoredConfig(place, hash, this.#sources.options);
        if (config !== undefined) return config;
      } catch (error) {
        failure ??= error as Error;
      }
    }
    throw failure ?? notFound(this.name, hash);
  }

  async #read(hash: string): Promise<FlowConfig | undefined> {
    const text = await readFile(join(this.#folder, `${hash}.json`), 'utf8').catch(() => undefined);
    if (text === undefined || hashOf(text) !== hash) return undefined;
    return parseStoredConfig(text, this.name, hash);
  }

  get #folder(): string {
    return join(this.#sources.cacheDirectory, 'configs');
  }

  #remember(hash: string, config: Promise<FlowConfig>): void {
    this.#known.delete(hash);
    this.#known.set(hash, config);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST) break;
      if (oldest !== this.#current.hash) this.#known.delete(oldest);
    }
  }

  #addPlace(place: StoredPlace): void {
    const key = JSON.stringify([place.flow, place.datastore, place.fixed]);
    this.#places.delete(key);
    this.#places.set(key, place);
  }
}

function hashOf(text: string): string | undefined {
  try {
    return createHash('sha256')
      .update(canonicalJson(JSON.parse(text)))
      .digest('hex');
  } catch {
    return undefined;
  }
}

function notFound(name: string, hash: string): MftError {
  return new MftError('CONFIG_NOT_FOUND', `There is no deployment of ${name} with hash "${hash}".`, {
    hint: 'Create the deployment again with `mft create`, or start the run without a hash.',
    exitCode: 1,
  });
}
