import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { MftError, type FlowConfig, type FlowSchedule, type FlowTriggers } from '@mft/graph';
import type { StoredPlace } from '@mft/step-runner';
import { checkTriggers } from '../events/check.js';
import { ownersOf, type RunMemo } from '../run/memo.js';

/*
 * What a deployment's record says of it: the memo of its schedule's action, which every run that the schedule starts gets as well.
 *
 * K1. A config that is small enough travels in the memo; a larger one stays in the datastore, where the memo says how to read it.
 * K2. The datastores of earlier versions stay on record, so that any machine finds the config of a run that began with one of them.
 */

/** The memo of a recorded deployment's action. */
export interface DeploymentMemo extends RunMemo {
  /** ISO time at which the deployment was created. */
  readonly createdAt: string;
  readonly taskQueue: string;
  /** The flow's `@schedule`, as the config has it: read without unpacking that. */
  readonly schedule?: FlowSchedule;
  /** What it waits for: whoever publishes an event reads no more than this of those that wait for another. */
  readonly triggers?: FlowTriggers;
  /** The config as JSON, compressed by gzip, in base64. */
  readonly config?: string;
  /** Where this version's config lies, then those of earlier versions: newest first, each place once. */
  readonly places: readonly StoredPlace[];
}

/** Characters of base64 above which a config is left in the datastore: Temporal holds 200 KB of memo without trouble. */
const MOST = 100 * 1024;
const MOST_PLACES = 8;

const [zip, unzip] = [promisify(gzip), promisify(gunzip)];

/**
 * The memo of a deployment.
 *
 * @param before - the memo that this one takes the place of
 * @throws ScheduleError as {@link checkTriggers}
 * @example
 * ```ts
 * const memo = await packDeployment(config, { hash, createdAt: new Date().toISOString() });
 * ```
 */
export async function packDeployment(
  config: FlowConfig,
  { hash, createdAt }: { readonly hash: string; readonly createdAt: string },
  before?: Partial<DeploymentMemo>,
): Promise<DeploymentMemo> {
  await checkTriggers(config);
  const { placeOf } = await import('@mft/step-runner');
  const packed = (await zip(JSON.stringify(config))).toString('base64');
  const places = new Map<string, StoredPlace>();
  for (const place of [placeOf(config), ...(before?.places ?? [])]) {
    const key = JSON.stringify([place.flow, place.datastore, place.fixed]);
    if (places.size < MOST_PLACES && !places.has(key)) places.set(key, place);
  }
  return {
    flow: config.flow.name,
    deployment: config.name,
    configHash: hash,
    tags: config.tags,
    ...ownersOf(config),
    createdAt,
    taskQueue: config.taskQueue,
    ...(config.schedule === undefined ? {} : { schedule: config.schedule }),
    places: [...places.values()],
    ...(config.triggers === undefined ? {} : { triggers: config.triggers }),
    ...(packed.length <= MOST ? { config: packed } : {}),
  };
}

/**
 * The config of a memo; read from the datastore where it is not in it.
 *
 * @throws MftError `UNKNOWN_CONFIG_VERSION`, `CONFIG_NOT_FOUND`; Error where the datastore cannot be read
 * @example
 * ```ts
 * const config = await unpackDeployment(memo);
 * ```
 */
export async function unpackDeployment(
  memo: DeploymentMemo,
  options: { readonly python?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<FlowConfig> {
  const { fetchStoredConfig, parseStoredConfig } = await import('@mft/step-runner');
  const { deployment, configHash, config, places } = memo;
  if (config !== undefined) {
    const text = (await unzip(Buffer.from(config, 'base64'))).toString();
    return parseStoredConfig(text, deployment, configHash);
  }
  const [place] = places;
  const found = place && (await fetchStoredConfig(place, configHash, options));
  if (found) return found;
  throw new MftError(
    'CONFIG_NOT_FOUND',
    `The config ${configHash} of ${deployment} is not in the ${place?.datastore.type} datastore at ${place?.datastore.root}.`,
    { hint: 'Create the deployment again with `mft create`.', exitCode: 1 },
  );
}
