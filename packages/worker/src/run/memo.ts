import type { FlowConfig } from '@mft/graph';
import type { StoredPlace } from '@mft/step-runner';

/** A process, as another one on the same machine can look it up. */
export interface RunOwner {
  readonly host: string;
  readonly pid: number;
}

/** Memo of every run that is started here, readable without a worker. */
export interface RunMemo {
  readonly flow: string;
  readonly deployment: string;
  readonly configHash: string;
  readonly tags: readonly string[];
  /** Owner of the run. */
  readonly user?: string;
  readonly project?: { readonly name: string; readonly branch: string };
  /** Where the run's config, artifacts and logs lie, the first of them; further ones are those of earlier versions. */
  readonly places?: readonly StoredPlace[];
  readonly owner?: RunOwner;
}

/**
 * The memo of a run of a config.
 *
 * @param options.hash - the config's
 * @param options.tags - of the run, beside the deployment's
 * @param options.owner - process that alone serves the run
 * @example
 * ```ts
 * memoOf(config, { hash }).deployment; // 'HelloFlow'
 * ```
 */
export function memoOf(
  config: FlowConfig,
  { hash, tags = [], owner }: { hash: string; tags?: readonly string[]; owner?: RunOwner | undefined },
): RunMemo {
  return {
    flow: config.flow.name,
    deployment: config.name,
    configHash: hash,
    tags: [...new Set([...config.tags, ...tags])],
    ...ownersOf(config),
    places: [placeOf(config)],
    ...(owner === undefined ? {} : { owner }),
  };
}

/**
 * The part of a memo that says whose the runs of a config are.
 *
 * @example
 * ```ts
 * ownersOf(config); // { user: 'alice', project: { name: 'sales', branch: 'user.alice' } }
 * ```
 */
export function ownersOf({ user, project }: FlowConfig): Pick<RunMemo, 'user' | 'project'> {
  return {
    user,
    ...(project === undefined ? {} : { project: { name: project.name, branch: project.branch } }),
  };
}

/** As `placeOf` of `@mft/step-runner`, which takes long to load for who only starts a run. */
function placeOf({ flow, datastore, options, environment, interpreter }: FlowConfig): StoredPlace {
  return { flow: flow.name, datastore, fixed: options.includes('--datastore-root'), environment, interpreter };
}
