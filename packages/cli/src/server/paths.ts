import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where mft keeps what outlives a command. All of it lies outside any checkout. */

/** The release of Temporal's CLI that `go install` builds, and the first place looked at in the cache. */
export const TEMPORAL_VERSION = '1.5.1';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Folder of the local server's database, record and log: `MFT_STATE_DIR`, else `mft` in the user's data folder.
 *
 * @example
 * ```ts
 * stateDirectory({ MFT_STATE_DIR: '/tmp/state' }); // '/tmp/state'
 * ```
 */
export function stateDirectory(env: Env = process.env): string {
  if (env.MFT_STATE_DIR) return resolve(env.MFT_STATE_DIR);
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'mft');
}

/**
 * Folder of downloaded and built server binaries, one sub-folder a version.
 *
 * @example
 * ```ts
 * binaryCache({ XDG_CACHE_HOME: '/var/cache/me' }); // '/var/cache/me/mft/temporal'
 * ```
 */
export function binaryCache(env: Env = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mft', 'temporal');
}

/** The files that belong to one database. Two servers never share one: whoever starts a server holds its lock. */
export interface ServerFiles {
  /** SQLite database of the server. */
  readonly db: string;
  /** What runs on it: process id and addresses, as JSON. */
  readonly record: string;
  readonly lock: string;
  readonly log: string;
}

/**
 * Files of the server that keeps its state in `db`, by default `temporal.db` in {@link stateDirectory}.
 *
 * @example
 * ```ts
 * serverFiles('/tmp/a.db').log; // '/tmp/a.log'
 * ```
 */
export function serverFiles(db?: string, env: Env = process.env): ServerFiles {
  const file = db === undefined ? join(stateDirectory(env), 'temporal.db') : resolve(db);
  const stem = file.replace(/\.[^./\\]+$/, '');
  return { db: file, record: `${stem}.server.json`, lock: `${stem}.server.lock`, log: `${stem}.log` };
}
