import { MftError, type FlowConfig } from '@mft/graph';
import { execa } from 'execa';
import { launcherEnvironment, pythonOf } from './environment.js';
import type { StepRunnerOptions } from './options.js';

// Finds Metaflow without importing it: a tenth of the time.
const PROBE = 'import importlib.util, sys; sys.exit(0 if importlib.util.find_spec("metaflow") else 3)';
const NO_METAFLOW = 3;

/**
 * Make sure that this machine has a Python with Metaflow for a deployment, before any of its tasks is taken.
 *
 * @returns the interpreter
 * @throws MftError `PYTHON_NOT_FOUND`, `METAFLOW_NOT_FOUND`
 *
 * @example
 * ```ts
 * await checkPython(config, { python: '/venv/bin/python' });
 * ```
 */
export async function checkPython(
  config: Pick<FlowConfig, 'interpreter' | 'environment'>,
  options: Pick<StepRunnerOptions, 'python' | 'extensionPath' | 'env'> = {},
): Promise<string> {
  const env = options.env ?? process.env;
  const python = pythonOf(config, options, env);
  const { exitCode, shortMessage } = await execa(python, ['-c', PROBE], {
    env: launcherEnvironment(config, options, env, python),
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  });
  if (exitCode === 0) return python;
  const hint = 'Name a Python that has Metaflow, with --python or METAFLOW_PYTHON.';
  if (exitCode === NO_METAFLOW)
    throw new MftError('METAFLOW_NOT_FOUND', `The Python at ${python} has no Metaflow.`, { hint });
  throw new MftError('PYTHON_NOT_FOUND', `The Python at ${python} does not run: ${shortMessage ?? exitCode}`, { hint });
}
