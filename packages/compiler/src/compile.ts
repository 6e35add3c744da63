import { CONFIG_VERSION, MftError, taskQueueOf, validateGraph } from '@mft/graph';
import type { CompensateOptions, FlowConfig, FlowNode } from '@mft/graph';
import { configHash } from './hash.js';
import { introspect } from './introspect.js';
import type { IntrospectOptions } from './introspect.js';
import type { Introspection } from './introspection.js';
import { checkSchedule, scheduleOf } from './schedule.js';
import type { ScheduleOptions } from './schedule.js';
import { parseConfig } from './schema.js';

/** What to compile a flow with; all of it optional. */
export interface CompileOptions extends Omit<IntrospectOptions, 'check' | 'configOf'> {
  /** Namespace that tasks see through Metaflow's client. @defaultValue the user's */
  readonly namespace?: string;
  /** Seconds after which a run is ended. @defaultValue none */
  readonly timeout?: number;
  /** Tasks at a time, for workers that are not told otherwise. @defaultValue as the machine's memory allows */
  readonly maxWorkers?: number;
  /** Python modules to import before the first task, for workers that are not told otherwise; `auto`: what the flow imports. @defaultValue none */
  readonly preload?: readonly string[];
  /** Tasks that one foreach may open; more of them fail the run. @defaultValue no limit */
  readonly maxNumSplits?: number;
  /** How runs that do not complete are undone. @defaultValue one handler at a time */
  readonly compensate?: CompensateOptions;
  /** Seconds that one exit hook may take, a week at most; without effect on a flow that has none. @defaultValue 3600 */
  readonly exitHookTimeout?: number;
  /** How the deployment follows its flow's `@schedule`. @defaultValue as Metaflow's other orchestrators, but not for a user's branch */
  readonly schedule?: ScheduleOptions;
  /** Deployment name. @defaultValue the flow's name, or `project.branch.Flow` under `@project` */
  readonly name?: string;
  /** @defaultValue `metaflow-<name>` */
  readonly taskQueue?: string;
}

/**
 * Compile a flow: ask Metaflow about it, and return all that a worker must know to run it, as plain JSON.
 * Compiled twice, an unchanged flow gives the same hash (except for a saved code package, which Metaflow stamps with the time).
 *
 * @param file - the flow's Python file
 * @throws MftError as `introspect`, `INVALID_NAME` for a deployment name that no task queue can have, `INVALID_CRON`, `IMPOSSIBLE_CRON`,
 * `INVALID_TIMEZONE`, `NO_SCHEDULE`, and with `savePackage` `MISSING_PARAMETER` for a schedule that could start no run
 * @example
 * ```ts
 * const config = await compileFlow('hello.py', { options: ['--with', 'retry'] });
 * console.log(config.plan.graph.start, configHash(config));
 * ```
 */
export async function compileFlow(file: string, options: CompileOptions = {}): Promise<FlowConfig> {
  if (options.name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(options.name)) {
    throw new MftError('INVALID_NAME', `"${options.name}" cannot name a deployment.`, {
      hint: 'Use letters, digits, ".", "_" and "-", beginning with a letter or a digit.',
    });
  }
  let config: FlowConfig | undefined;
  const introspection = await introspect(file, {
    ...options,
    check: (found) => checkSchedule(found, options),
    ...(options.savePackage && {
      configOf: (found) => {
        config = toConfig(found, options);
        return { config, hash: configHash(config) };
      },
    }),
  });
  return config ?? toConfig(introspection, options);
}

/** Make a config of an introspection. */
export function toConfig(found: Introspection, options: CompileOptions = {}): FlowConfig {
  const name = options.name ?? found.project?.flowName ?? found.flow.name;
  const nodes: Record<string, FlowNode> = {};
  for (const node of found.graph.nodes) nodes[node.name] = node;
  const config = parseConfig({
    version: CONFIG_VERSION,
    name,
    taskQueue: options.taskQueue ?? taskQueueOf(name),
    flow: found.flow,
    plan: {
      graph: {
        name: found.flow.name,
        ...(found.flow.doc !== undefined && { doc: found.flow.doc }),
        start: found.graph.start,
        end: found.graph.end,
        nodes,
      },
      policies: found.policies,
    },
    parameters: found.parameters,
    metaflow: found.metaflow,
    interpreter: found.interpreter,
    options: found.options,
    environment: found.environment,
    datastore: found.datastore,
    metadata: found.metadata,
    user: found.user,
    ...(options.namespace !== undefined && { namespace: options.namespace }),
    tags: [...new Set(options.tags ?? [])].sort(),
    ...(found.package && { package: found.package }),
    ...(options.timeout !== undefined && { timeout: options.timeout }),
    ...(options.maxWorkers !== undefined && { maxWorkers: options.maxWorkers }),
    ...(options.preload !== undefined && { preload: options.preload }),
    ...(options.maxNumSplits !== undefined && { maxNumSplits: options.maxNumSplits }),
    ...(options.compensate !== undefined && { compensate: options.compensate }),
    ...(found.project && {
      project: { name: found.project.name, branch: found.project.branch, production: found.project.production },
    }),
    ...(found.schedule && { schedule: scheduleOf(found.schedule, found.project, options.schedule) }),
    ...(found.triggers && { triggers: found.triggers }),
    ...(found.exitHooks && {
      exitHooks: {
        ...found.exitHooks,
        ...(options.exitHookTimeout !== undefined && { timeout: options.exitHookTimeout }),
      },
    }),
    decorators: found.decorators,
  });
  validateGraph(config.plan.graph);
  return config;
}
