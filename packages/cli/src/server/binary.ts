import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { MftError } from '@mft/graph';
import type { Notice } from '../notice.js';
import { downloadBinary } from './download.js';
import { buildBinary } from './go-install.js';
import { withLock } from './lock.js';
import { binaryCache, TEMPORAL_VERSION } from './paths.js';

/** The executable's file name on this system. */
export const BINARY_NAME = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/**
 * A Temporal CLI that runs: `MFT_TEMPORAL_BINARY`, `temporal` on PATH, one in the cache, Temporal's download, `go install`; the first
 * that answers `--version`.
 *
 * @throws MftError NO_SERVER_BINARY with what was tried, BAD_SERVER_BINARY where MFT_TEMPORAL_BINARY does not run
 *
 * @example
 * ```ts
 * const binary = await findBinary(process.env, SILENT); // '/usr/local/bin/temporal'
 * ```
 */
export async function findBinary(env: NodeJS.ProcessEnv, notice: Notice): Promise<string> {
  const given = env.MFT_TEMPORAL_BINARY;
  if (given) {
    if (await works(given)) return given;
    throw new MftError('BAD_SERVER_BINARY', `MFT_TEMPORAL_BINARY names ${given}, which does not run.`, {
      hint: 'Unset it, or let it name the `temporal` executable.',
      exitCode: 1,
    });
  }
  const there = await findInstalled(env);
  if (there !== undefined) return there;
  const cache = binaryCache(env);
  // Building takes minutes: a second command waits for the first rather than building too.
  return withLock(join(cache, 'install.lock'), () => obtain(cache, env, notice), {
    timeoutMs: 15 * 60_000,
    onWait: (pid) => notice.say(`Process ${pid} is fetching the Temporal server; waiting for it.`),
  });
}

async function obtain(cache: string, env: NodeJS.ProcessEnv, notice: Notice): Promise<string> {
  const meanwhile = await findCached(cache);
  if (meanwhile !== undefined) return meanwhile;
  const tried = ['no `temporal` on PATH', `none in ${cache}`];
  for (const source of [downloadBinary, buildBinary]) {
    try {
      return await source({ cache, env, notice, works });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tried.push(reason);
      notice.say(reason);
    }
  }
  throw new MftError('NO_SERVER_BINARY', `No Temporal server could be found or installed: ${tried.join('; ')}.`, {
    hint: 'Install the Temporal CLI (https://docs.temporal.io/cli), set MFT_TEMPORAL_BINARY to one, or TEMPORAL_ADDRESS to a running server.',
    exitCode: 1,
  });
}

/** `temporal` on PATH, else in the cache. */
async function findInstalled(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, BINARY_NAME);
    if (folder !== '' && (await isExecutable(candidate)) && (await works(candidate))) return candidate;
  }
  return findCached(binaryCache(env));
}

async function findCached(cache: string): Promise<string | undefined> {
  const versions = await readdir(cache).catch(() => []);
  const newestFirst = versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const version of [TEMPORAL_VERSION, ...newestFirst]) {
    const candidate = join(cache, version, BINARY_NAME);
    if ((await isExecutable(candidate)) && (await works(candidate))) return candidate;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function works(binary: string): Promise<boolean> {
  const result = await execa(binary, ['--version'], { reject: false, timeout: 10_000, stdin: 'ignore' });
  return !result.failed && /temporal version/i.test(result.stdout);
}
