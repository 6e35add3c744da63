import type { CompensateOptions } from './compensation.js';
import type { ExitHooks } from './exit-hooks.js';
import type { Plan } from './plan.js';
import type { FlowSchedule } from './schedule.js';
import type { FlowTriggers } from './triggers.js';

/** Version of {@link FlowConfig}'s format. A reader refuses a version that it does not know. */
export const CONFIG_VERSION = 1;

/** One `Parameter` of a flow. */
export interface ParameterSpec {
  /** Metaflow's name: may hold dashes. */
  readonly name: string;
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'json' | 'file';
  readonly required: boolean;
  /** `separator=`: the value is text that Metaflow splits into a list. */
  readonly separator?: string;
  /** `multiple=True`: the option may be repeated, the value is a list. */
  readonly multiple?: boolean;
  /** `nargs=`: the value is a list of exactly so many. */
  readonly nargs?: number;
  /** `type=click.Choice([…])`: the only values allowed. */
  readonly choices?: readonly string[];
  /** The choices are compared without regard to case. */
  readonly caseless?: boolean;
  /** `IncludeFile(is_text=False)`: the file is not text. */
  readonly binary?: boolean;
  /** `IncludeFile(encoding=)`, of a text. @defaultValue utf-8 */
  readonly encoding?: string;
  /** `type=click.IntRange(…)`: least and greatest value allowed. */
  readonly min?: number;
  readonly max?: number;
  /** JSON value of a plain default; absent where there is none or where it is a function evaluated at run time. */
  readonly default?: unknown;
  /** The default is a function or a file and was evaluated when the flow was deployed: every run must be given it explicitly. */
  readonly deployed?: boolean;
  readonly help?: string;
}

/** Code package of a deployment, in the datastore. Absent in the config of `mft run`, which runs the file as it is. */
export interface CodePackage {
  readonly sha: string;
  readonly url: string;
  /** Metaflow's own description of the package (`package_metadata`), opaque to us. */
  readonly metadata: string;
}

/**
 * A compiled flow: all that a worker must know to run it, as plain JSON. Hashed in canonical form (RFC 8785).
 * Holds no credential.
 */
export interface FlowConfig {
  readonly version: typeof CONFIG_VERSION;
  /** Deployment name: the flow's, or `project.branch.Flow` under `@project`. */
  readonly name: string;
  readonly taskQueue: string;
  readonly flow: {
    readonly name: string;
    /** Entry point, relative to the root of the code package, or to `directory` where there is no package. */
    readonly file: string;
    /** Absolute folder of the file on the compiling machine. */
    readonly directory: string;
    readonly doc?: string;
  };
  readonly plan: Plan;
  readonly parameters: readonly ParameterSpec[];
  readonly metaflow: { readonly version: string; readonly python: string };
  /** Path of the interpreter that compiled it; a worker elsewhere may use another. */
  readonly interpreter: string;
  /** Metaflow's top-level options to run every command with, resolved and absolute: `['--datastore', 'local', …]`. */
  readonly options: readonly string[];
  /** Metaflow settings of the compiling machine that a worker elsewhere lacks (`METAFLOW_SERVICE_URL`, sysroots). Never a secret. */
  readonly environment: Readonly<Record<string, string>>;
  readonly datastore: { readonly type: string; readonly root: string };
  readonly metadata: { readonly type: string; readonly info: string };
  /** Owner of runs, as Metaflow's `user:` tag. */
  readonly user: string;
  /** Namespace that tasks see through the client; absent: the user's. */
  readonly namespace?: string;
  readonly tags: readonly string[];
  readonly package?: CodePackage;
  /** `--workflow-timeout`, in seconds. */
  readonly timeout?: number;
  /** `--max-workers`: tasks at a time, for workers that are not told otherwise. */
  readonly maxWorkers?: number;
  /** `--preload`: Python modules to import before the first task, for workers that are not told otherwise; `auto`: what the flow imports. */
  readonly preload?: readonly string[];
  /** `--max-num-splits`: a foreach that opens more tasks fails its run. Absent: there is no limit. */
  readonly maxNumSplits?: number;
  /** How runs that do not complete are undone (`--compensate-parallel`). */
  readonly compensate?: CompensateOptions;
  readonly project?: { readonly name: string; readonly branch: string; readonly production: boolean };
  /** `@schedule`, and how the deployment follows it. */
  readonly schedule?: FlowSchedule;
  /** `@trigger` and `@trigger_on_finish`, as Metaflow resolves them when the flow is deployed. */
  readonly triggers?: FlowTriggers;
  /** `@exit_hook`: functions called at the end of a run. */
  readonly exitHooks?: ExitHooks;
  /** Names of decorators on the flow and its steps that need what a worker may lack (`conda`, `kubernetes`, …). */
  readonly decorators: Readonly<Record<string, readonly string[]>>;
}

/**
 * Name of the task queue that serves a deployment.
 *
 * @example
 * ```ts
 * taskQueueOf('HelloFlow'); // 'metaflow-HelloFlow'
 * ```
 */
export function taskQueueOf(name: string): string {
  return `metaflow-${name}`;
}
