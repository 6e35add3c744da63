import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { MftError, type FlowConfig, type ParameterSpec } from '@mft/graph';
import { execa } from 'execa';
import { launcherEnvironment, pythonOf } from './environment.js';
import type { StepRunnerOptions } from './options.js';

/*
 * Files given for `IncludeFile` parameters.
 *
 * F1. A path is that of whoever starts the run, relative to their working directory; a worker elsewhere never opens it.
 * F2. What is uploaded already (Metaflow's description of it, as JSON text) goes along as it is.
 */

// Milliseconds.
const UPLOAD_TIMEOUT = 600_000;

/** One file to upload. */
interface Included {
  readonly path: string;
  readonly binary: boolean;
  readonly encoding?: string;
}

/**
 * See that every file given can be read, before anything is started.
 *
 * @param specs - `config.parameters`
 * @param params - values as `checkParameters` of `@mft/graph` returns them
 * @param cwd - folder that paths are relative to. @defaultValue the working directory
 * @returns absolute paths by parameter, of those that are to be uploaded
 * @throws MftError `INVALID_PARAMETER`
 *
 * @example
 * ```ts
 * await findIncluded(config.parameters, { table: 'data/table.csv' }); // { table: '/work/data/table.csv' }
 * ```
 */
export async function findIncluded(
  specs: readonly ParameterSpec[],
  params: Readonly<Record<string, unknown>>,
  cwd: string = process.cwd(),
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, type } of specs) {
    const value = params[name];
    // Metaflow takes a text that begins so for the description of an uploaded file.
    if (type !== 'file' || typeof value !== 'string' || /^"?\{/.test(value)) continue;
    const path = resolve(
      cwd,
      value.replace(/^~(?=\/|$)/, () => homedir()),
    );
    try {
      await access(path, constants.R_OK);
      if ((await stat(path)).isDirectory()) throw new Error('It is a directory.');
    } catch (cause) {
      throw new MftError('INVALID_PARAMETER', `Parameter "${name}": the file "${value}" cannot be read.`, {
        hint: `Looked for ${path}. Name a file: ${name}=path/to/file`,
        cause,
      });
    }
    found[name] = path;
  }
  return found;
}

/**
 * Upload the files given for a run of a deployment to its datastore, with Metaflow's own classes. Python is started only where there
 * is a file.
 *
 * @param params - values as `checkParameters` of `@mft/graph` returns them
 * @returns the same, with Metaflow's description of the uploaded file in place of each path
 * @throws MftError `INVALID_PARAMETER` for a file that cannot be read, `FILE_NOT_STORED` (exit status 1) where it cannot be uploaded
 *
 * @example
 * ```ts
 * const params = await storeIncluded(config, { table: 'table.csv' });
 * ```
 */
export async function storeIncluded(
  config: FlowConfig,
  params: Readonly<Record<string, unknown>>,
  options: Pick<StepRunnerOptions, 'python' | 'extensionPath' | 'env'> = {},
): Promise<Record<string, unknown>> {
  const paths = Object.entries(await findIncluded(config.parameters, params));
  if (paths.length === 0) return { ...params };
  const files: Record<string, Included> = {};
  for (const [name, path] of paths) {
    const { binary = false, encoding } = config.parameters.find((spec) => spec.name === name) ?? {};
    files[name] = { path, binary, ...(encoding === undefined ? {} : { encoding }) };
  }
  const env = options.env ?? process.env;
  const python = pythonOf(config, options, env);
  const result = await execa(python, ['-m', 'metaflow_extensions.temporal.included'], {
    env: launcherEnvironment(config, options, env, python),
    extendEnv: false,
    input: `${JSON.stringify({ type: config.datastore.type, flow: config.flow.name, files })}\n`,
    reject: false,
    timeout: UPLOAD_TIMEOUT,
    cleanup: true,
  });
  if (result.exitCode === 0) return { ...params, ...described(result.stdout) };
  const said = result.stderr.trim().split('\n').at(-1) || result.shortMessage;
  const names = paths.map(([name]) => `"${name}"`).join(', ');
  throw new MftError('FILE_NOT_STORED', `The file of ${names} could not be uploaded: ${said}`, {
    hint: `Uploading takes a Python with Metaflow; this one was ${python}. Name another: METAFLOW_PYTHON=/path/to/python`,
    exitCode: 1,
  });
}

function described(stdout: string): Record<string, string> {
  const descriptors = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, object>;
  return Object.fromEntries(Object.entries(descriptors).map(([name, value]) => [name, JSON.stringify(value)]));
}
