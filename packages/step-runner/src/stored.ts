import { CONFIG_VERSION, MftError, type FlowConfig } from '@mft/graph';
import { execa } from 'execa';
import { launcherEnvironment, pythonOf } from './environment.js';
import type { StepRunnerOptions } from './options.js';

/** Where the configs of a flow lie, and what is needed to read them there: a part of every {@link FlowConfig}. */
export interface StoredPlace {
  /** Name of the flow. */
  readonly flow: string;
  readonly datastore: FlowConfig['datastore'];
  /** Whether the root was given as an option: otherwise a sysroot of the reader's own comes before it. */
  readonly fixed: boolean;
  readonly environment: FlowConfig['environment'];
  readonly interpreter: string;
}

// What `stored_config` exits with where there is no such config.
const NOT_FOUND = 4;
// Milliseconds.
const FETCH_TIMEOUT = 120_000;

/**
 * The place that a config was stored in.
 *
 * @example
 * ```ts
 * await fetchStoredConfig(placeOf(config), olderHash);
 * ```
 */
export function placeOf(config: FlowConfig): StoredPlace {
  const { flow, datastore, options, environment, interpreter } = config;
  return { flow: flow.name, datastore, fixed: options.includes('--datastore-root'), environment, interpreter };
}

/**
 * Read a config by its hash from a datastore, with Metaflow's own classes: a Python process, half a second.
 *
 * @returns the config; undefined where that datastore has none of that hash
 * @throws MftError `UNKNOWN_CONFIG_VERSION`; Error where the datastore cannot be read
 *
 * @example
 * ```ts
 * const config = await fetchStoredConfig(placeOf(current), hash, { python: '/venv/bin/python' });
 * ```
 */
export async function fetchStoredConfig(
  place: StoredPlace,
  hash: string,
  options: Pick<StepRunnerOptions, 'python' | 'extensionPath' | 'env'> = {},
): Promise<FlowConfig | undefined> {
  const env = options.env ?? process.env;
  const python = pythonOf(place, options, env);
  const { type, root } = place.datastore;
  const words = ['-m', 'metaflow_extensions.temporal.stored_config', type, root, place.flow, hash];
  const result = await execa(python, place.fixed ? [...words, 'fixed'] : words, {
    env: launcherEnvironment(place, options, env, python),
    extendEnv: false,
    reject: false,
    timeout: FETCH_TIMEOUT,
    cleanup: true,
  });
  if (result.exitCode === 0) return parseStoredConfig(result.stdout, place.flow, hash);
  if (result.exitCode === NOT_FOUND) return undefined;
  throw new Error(
    `The config ${hash} of ${place.flow} could not be read from the ${type} datastore at ${root}: ${result.stderr || result.shortMessage}`,
  );
}

/**
 * A config as it was stored or recorded, if this release reads its version.
 *
 * @param name - the flow or the deployment, for the error
 * @throws MftError `UNKNOWN_CONFIG_VERSION`
 *
 * @example
 * ```ts
 * const config = parseStoredConfig(text, 'HelloFlow', hash);
 * ```
 */
export function parseStoredConfig(text: string, name: string, hash: string): FlowConfig {
  const config = JSON.parse(text) as Omit<FlowConfig, 'version'> & { readonly version: number };
  if (config.version !== CONFIG_VERSION) {
    throw new MftError(
      'UNKNOWN_CONFIG_VERSION',
      `The config ${hash} of ${name} has version ${config.version}, this release reads ${CONFIG_VERSION}.`,
      { hint: 'Use the release of mft that created it, or create it again with this one.', exitCode: 1 },
    );
  }
  return { ...config, version: CONFIG_VERSION };
}
