import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Deployment } from './deployment.js';

/**
 * Put the Metaflow extension on disk, where Python can import it: once per machine and content, whole or not at all, also where
 * two workers start together.
 *
 * @returns the folder to put on `PYTHONPATH`
 * @example
 * ```ts
 * await unpackExtension(deployment.extension); // ~/.cache/mft/extension/3f2a…
 * ```
 */
export async function unpackExtension(
  { hash, files }: Deployment['extension'],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const root = await cacheFolder(env);
  const target = join(root, hash);
  if (existsSync(target)) return target;
  const parts = `${target}.${randomBytes(6).toString('hex')}`;
  for (const [path, text] of Object.entries(files)) {
    const file = join(parts, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  try {
    await rename(parts, target);
  } catch (error) {
    // Another worker was first; its files are the same, by hash.
    await rm(parts, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}

/** The user's cache folder, or one of our own where that cannot be written (a container with a read-only home). */
async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mft', 'extension');
  try {
    await mkdir(folder, { recursive: true });
    const probe = join(folder, `.${randomBytes(6).toString('hex')}`);
    await writeFile(probe, '');
    await rm(probe);
    return folder;
  } catch {
    return mkdtemp(join(tmpdir(), 'mft-extension-'));
  }
}
