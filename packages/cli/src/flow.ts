import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenOptions } from '@mft/compiler';
import { LONGEST_EXIT_HOOK, type FlowConfig } from '@mft/graph';
import type { Context } from './context.js';
import { integer } from './numbers.js';
import { metaflowOptions, type MetaflowFlags } from './options.js';
import { scheduleOf, type ScheduleFlags } from './schedule-flags.js';

/** Flags that say how a flow is compiled. */
export interface CompileFlags extends MetaflowFlags, ScheduleFlags {
  readonly name?: string;
  readonly taskQueue?: string;
  readonly workflowTimeout?: string;
  /** Tasks at a time, for workers of the deployment that are not told otherwise. */
  readonly maxWorkers?: string;
  /** Python modules to import before the first task, for workers of the deployment that are not told otherwise. */
  readonly preload?: readonly string[];
  /** Tasks that one foreach may open. */
  readonly maxNumSplits?: string;
  /** Handlers at a time within one block, should a run be undone. */
  readonly compensateParallel?: string;
  /** Seconds that one exit hook may take. */
  readonly exitHookTimeout?: string;
}

/** A compiled flow and its hash. */
export interface Compiled {
  readonly config: FlowConfig;
  readonly hash: string;
}

/**
 * Compile a flow as the command line says.
 *
 * @param options.savePackage - save the code package and the config in the datastore; default: not
 * @param options.tokens - how the production token is settled; default: there is none
 * @param options.onSpawned - called when Python is at work and this process has nothing to do for half a second
 * @throws MftError as `compileFlow` of `@mft/compiler`
 *
 * @example
 * ```ts
 * const { config } = await readFlow('hello.py', {}, context);
 * ```
 */
export async function readFlow(
  file: string,
  flags: CompileFlags,
  { env }: Pick<Context, 'env'>,
  options: { savePackage?: boolean; tokens?: TokenOptions; onSpawned?: () => void } = {},
): Promise<Compiled> {
  const timeout = integer('--workflow-timeout', flags.workflowTimeout, 1);
  const maxWorkers = integer('--max-workers', flags.maxWorkers, 1);
  const maxNumSplits = integer('--max-num-splits', flags.maxNumSplits, 1);
  const parallel = integer('--compensate-parallel', flags.compensateParallel, 1);
  const exitHookTimeout = integer('--exit-hook-timeout', flags.exitHookTimeout, 1, LONGEST_EXIT_HOOK);
  const schedule = scheduleOf(flags);
  const { compileFlow, configHash, findPython } = await import('@mft/compiler');
  const isFile = (await stat(file).catch(() => undefined))?.isFile() === true;
  // Found here rather than in `compileFlow`, so that there is no more to wait for between its call and the start of Python. A flow that
  // is not there is refused before a Python that is not there.
  const python = isFile
    ? await findPython(flags.python === undefined ? env : { ...env, METAFLOW_PYTHON: flags.python })
    : undefined;
  const compiling = compileFlow(file, {
    env,
    ...(python === undefined ? {} : { python }),
    options: metaflowOptions(flags),
    ...(flags.tag === undefined ? {} : { tags: [...flags.tag] }),
    ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.taskQueue === undefined ? {} : { taskQueue: flags.taskQueue }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    ...(flags.preload === undefined ? {} : { preload: flags.preload }),
    ...(maxNumSplits === undefined ? {} : { maxNumSplits }),
    ...(parallel === undefined ? {} : { compensate: { parallel } }),
    ...(exitHookTimeout === undefined ? {} : { exitHookTimeout }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(options.savePackage ? { savePackage: true } : {}),
    ...(options.tokens === undefined ? {} : { tokens: options.tokens }),
  });
  compiling.catch(() => undefined);
  if (options.onSpawned !== undefined) {
    // Imports block this process: begun any earlier, they would hold up the start of Python.
    await Promise.race([sleep(20), compiling.catch(() => undefined)]);
    options.onSpawned();
  }
  const config = await compiling;
  return { config, hash: configHash(config) };
}
