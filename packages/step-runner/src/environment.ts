import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { extensionPath } from '@mft/metaflow-extension';
import { MftError, type FlowConfig } from '@mft/graph';
import type { StepRunnerOptions } from './options.js';

/**
 * Environment of a launcher: the worker's own, Metaflow's settings of the compiling machine where the worker has none, and the
 * extension first on `PYTHONPATH`. What is secret comes from the worker's own environment only. `python` on `PATH` is the interpreter
 * that runs the launcher, as in its activated environment: Metaflow starts the siblings of `num_parallel` by that name.
 *
 * @example
 * ```ts
 * launcherEnvironment(config, {}, process.env, '/venv/bin/python')['PYTHONPATH']; // '/…/metaflow-extension/python:…'
 * ```
 */
export function launcherEnvironment(
  config: Pick<FlowConfig, 'environment'>,
  options: Pick<StepRunnerOptions, 'extensionPath'>,
  env: NodeJS.ProcessEnv,
  python: string,
): NodeJS.ProcessEnv {
  const paths = [options.extensionPath ?? extensionPath(), env['PYTHONPATH']].filter(
    (path) => path !== undefined && path !== '',
  );
  const programs = [isAbsolute(python) ? dirname(python) : undefined, env['PATH']].filter((path) => path);
  return { ...config.environment, ...env, PYTHONPATH: paths.join(delimiter), PATH: programs.join(delimiter) };
}

/**
 * The Python interpreter for a deployment's launcher: what was asked for, else `METAFLOW_PYTHON`, else the active virtual
 * environment's, else the one that compiled the flow, where that exists, else `python3`.
 *
 * @example
 * ```ts
 * pythonOf({ interpreter: '/usr/bin/python3.11' }, {}, { VIRTUAL_ENV: '/venv' }); // '/venv/bin/python'
 * ```
 */
export function pythonOf(
  config: Pick<FlowConfig, 'interpreter'>,
  options: Pick<StepRunnerOptions, 'python'>,
  env: NodeJS.ProcessEnv,
): string {
  if (options.python) return options.python;
  if (env['METAFLOW_PYTHON']) return env['METAFLOW_PYTHON'];
  const active = env['VIRTUAL_ENV'] ? join(env['VIRTUAL_ENV'], 'bin', 'python') : undefined;
  if (active && existsSync(active)) return active;
  return config.interpreter && existsSync(config.interpreter) ? config.interpreter : 'python3';
}

/**
 * Folder for what can be fetched again: code packages and configs by hash.
 *
 * @example
 * ```ts
 * cacheDirectoryOf({}, { XDG_CACHE_HOME: '/var/cache' }); // '/var/cache/mft'
 * ```
 */
export function cacheDirectoryOf(options: Pick<StepRunnerOptions, 'cacheDirectory'>, env: NodeJS.ProcessEnv): string {
  return options.cacheDirectory ?? join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mft');
}

/**
 * Minutes between attempts that replace each step's own, if any were set.
 *
 * @throws MftError `INVALID_RETRY_WAIT` for anything but a number from 0.
 *
 * @example
 * ```ts
 * retryWaitOf({}, { METAFLOW_TEMPORAL_RETRY_WAIT: '0' }); // 0
 * ```
 */
export function retryWaitOf(options: Pick<StepRunnerOptions, 'retryWait'>, env: NodeJS.ProcessEnv): number | undefined {
  const text = env['METAFLOW_TEMPORAL_RETRY_WAIT']?.trim();
  const minutes = options.retryWait ?? (text ? Number(text) : undefined);
  if (minutes !== undefined && !(Number.isFinite(minutes) && minutes >= 0)) {
    throw new MftError(
      'INVALID_RETRY_WAIT',
      `The wait between attempts is "${options.retryWait ?? text}", which is no number of minutes.`,
      {
        hint: 'Set METAFLOW_TEMPORAL_RETRY_WAIT to a number from 0, or leave it out.',
      },
    );
  }
  return minutes;
}
