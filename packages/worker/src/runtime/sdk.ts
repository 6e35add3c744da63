import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { MftError } from '@mft/graph';

/** The Temporal SDK that was found. */
export interface Sdk {
  readonly version: string;
  /** Folder of `@temporalio/worker`. */
  readonly directory: string;
  /** Resolves the SDK's packages as `@temporalio/worker` itself does, so that all are of one installation. */
  readonly require: NodeJS.Require;
}

/**
 * Folders that may hold the SDK: the file's own, the working directory, where `mft` was installed when the file was made,
 * where it is on PATH now. `MFT_SDK_PATH` (folders, separated as in PATH) replaces them all.
 *
 * @param installed - where `mft` was installed
 */
export function sdkPlaces(file: string, installed: readonly string[], env: NodeJS.ProcessEnv, cwd: string): string[] {
  const given = env['MFT_SDK_PATH'];
  if (given !== undefined && given !== '') return given.split(delimiter).filter((place) => place !== '');
  return [dirname(file), cwd, ...installed, ...mftOnPath(env)];
}

/**
 * Find the SDK, of the minor version that the file was made with: its workflow bundle holds that version's code.
 *
 * @param built - version that the file was made with
 * @throws MftError `TEMPORAL_SDK_MISSING`, `TEMPORAL_SDK_MISMATCH` (exit status 2 both)
 * @example
 * ```ts
 * const sdk = locateSdk('1.24.0', ['/srv/flows']);
 * const { Worker } = sdk.require('@temporalio/worker');
 * ```
 */
export function locateSdk(built: string, places: readonly string[]): Sdk {
  const misfits: Sdk[] = [];
  for (const place of new Set(places)) {
    const sdk = sdkIn(place);
    if (sdk === undefined) continue;
    if (minorOf(sdk.version) === minorOf(built)) return sdk;
    misfits.push(sdk);
  }
  const hint = `Install it beside this file, or in the working directory: npm install @temporalio/worker@${built}`;
  const misfit = misfits[0];
  if (misfit !== undefined) {
    throw new MftError(
      'TEMPORAL_SDK_MISMATCH',
      `@temporalio/worker ${misfit.version} in ${misfit.directory} does not match: this file was made with ${built} and needs ${minorOf(built)}.`,
      { hint },
    );
  }
  throw new MftError(
    'TEMPORAL_SDK_MISSING',
    `Temporal's SDK, @temporalio/worker ${minorOf(built)}, is not installed: looked in ${places.join(', ')}.`,
    { hint },
  );
}

function sdkIn(place: string): Sdk | undefined {
  try {
    const manifest = createRequire(join(place, 'noop.js')).resolve('@temporalio/worker/package.json');
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    return { version, directory: dirname(manifest), require: createRequire(manifest) };
  } catch {
    return undefined;
  }
}

function mftOnPath(env: NodeJS.ProcessEnv): string[] {
  const places: string[] = [];
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    try {
      if (folder !== '') places.push(dirname(realpathSync(join(folder, 'mft'))));
    } catch {
      // Not in this folder of PATH.
    }
  }
  return places;
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
