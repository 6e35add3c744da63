import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import type { Notice } from '../notice.js';

const ARCHIVE = 'https://temporal.download/cli/archive/latest';
/** Milliseconds until the first answer; where the host cannot be reached, other ways are tried soon. */
const CONNECT_TIMEOUT = 8000;
/** Milliseconds without a byte after which a download is given up. */
const STALL_TIMEOUT = 20_000;

/** What a way of getting the binary is given. */
export interface Source {
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly notice: Notice;
  readonly works: (binary: string) => Promise<boolean>;
}

/**
 * Fetch Temporal's own release of its CLI into the cache, and check that it runs.
 * `MFT_TEMPORAL_DOWNLOAD_URL` names another place to fetch the archive from.
 *
 * @returns the path of the binary
 * @throws Error in one sentence, saying what did not work
 *
 * @example
 * ```ts
 * await downloadBinary({ cache: '/tmp/cache', env: process.env, notice: SILENT, works: async () => true });
 * ```
 */
export async function downloadBinary({ cache, env, notice, works }: Source): Promise<string> {
  const url = archiveUrl(env);
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.download-'));
  try {
    const archive = join(work, 'archive');
    await fetchTo(url, archive, notice);
    const unpacked = await execa('tar', ['-xf', archive, '-C', work], { reject: false });
    if (unpacked.failed) throw new Error(`the archive from ${url.host} cannot be unpacked (${unpacked.shortMessage})`);
    const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
    const binary = join(work, name);
    await chmod(binary, 0o755).catch(() => undefined);
    if (!(await works(binary))) throw new Error(`what ${url.host} sent does not run on this machine`);
    const folder = join(cache, await versionOf(binary));
    await mkdir(folder, { recursive: true });
    await rename(binary, join(folder, name));
    notice.say(`Temporal's CLI is now in ${folder}.`);
    return join(folder, name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function archiveUrl(env: NodeJS.ProcessEnv): URL {
  const url = new URL(env.MFT_TEMPORAL_DOWNLOAD_URL || ARCHIVE);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  url.searchParams.set('platform', platform);
  url.searchParams.set('arch', process.arch === 'x64' ? 'amd64' : process.arch);
  return url;
}

async function fetchTo(url: URL, file: string, notice: Notice): Promise<void> {
  notice.update(`Downloading Temporal's CLI from ${url.host} …`);
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), CONNECT_TIMEOUT);
  try {
    const response = await fetch(url, { signal: abort.signal, redirect: 'follow' });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const total = Number(response.headers.get('content-length')) || undefined;
    let received = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), STALL_TIMEOUT);
        received += chunk.length;
        notice.update(`Downloading Temporal's CLI: ${megabytes(received)}${total ? ` of ${megabytes(total)}` : ''} MB`);
        done(null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(file), { signal: abort.signal });
  } catch (error) {
    throw new Error(`${url.host} could not be reached for a download (${reasonOf(error, abort.signal.aborted)})`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown, timedOut: boolean): string {
  if (timedOut) return 'timed out';
  const { cause, message } = error as Error;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await execa(binary, ['--version']);
  return /version (\d[\w.+-]*)/i.exec(stdout)?.[1] ?? 'latest';
}
