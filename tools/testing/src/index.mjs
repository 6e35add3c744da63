import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { likeWithNumpy, venvPython } from '../../../scripts/lib/venv.mjs';

/** Root of the repository. */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The Python to test with: `METAFLOW_PYTHON`, else the virtual environment that `npm run setup` makes.
 *
 * @returns {string}
 * @throws Error where there is neither
 */
export function metaflowPython() {
  const given = process.env.METAFLOW_PYTHON;
  if (given) return given;
  const own = path.join(ROOT, '.venv/bin/python');
  if (!isExecutable(own))
    throw new Error(`No Python with Metaflow at ${own}: run "npm run setup", or set METAFLOW_PYTHON.`);
  return own;
}

/**
 * The same Python with numpy, in an environment that `npm run setup` makes once a machine.
 *
 * @returns {string | undefined} undefined where it could not be made
 */
export function numpyPython() {
  const like = likeWithNumpy(metaflowPython());
  const found = like && venvPython(...like);
  return found && isExecutable(found) ? found : undefined;
}

/**
 * Where a Temporal server's binary is: `MFT_TEMPORAL_BINARY`, `PATH`, the cache that `npm run setup` and `mft server` fill.
 *
 * @returns {string}
 * @throws Error where there is none
 */
export function temporalBinary() {
  const { MFT_TEMPORAL_BINARY, PATH = '', XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME ?? path.join(homedir(), '.cache');
  const found = [
    ...(MFT_TEMPORAL_BINARY ? [MFT_TEMPORAL_BINARY] : []),
    ...PATH.split(path.delimiter).map((folder) => path.join(folder, 'temporal')),
    path.join(cache, 'mft/temporal/1.5.1/temporal'),
  ].find(isExecutable);
  if (found === undefined) throw new Error('No Temporal server: run "npm run setup", or set MFT_TEMPORAL_BINARY.');
  return found;
}

/**
 * Arguments of a development server that passes tasks on at once: in one of several partitions of a task queue a task may wait for seconds,
 * where nobody happens to poll it.
 *
 * @param {...string} more - further settings, `name=value`
 * @returns {string[]}
 */
export function promptServer(...more) {
  const settings = [
    'history.transferProcessorMaxPollRPS=5000',
    'matching.numTaskqueueReadPartitions=1',
    'matching.numTaskqueueWritePartitions=1',
    ...more,
  ];
  return settings.flatMap((setting) => ['--dynamic-config-value', setting]);
}

/** For processes that end in their own time after SIGTERM, as workers that drain do: execa kills them 5 s later unless it is told otherwise. */
export const UNHURRIED = { forceKillAfterDelay: 50_000 };

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
