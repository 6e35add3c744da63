import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Source } from './download.js';
import { TEMPORAL_VERSION } from './paths.js';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
/** Milliseconds. A build takes three to four minutes on two cores. */
const BUILD_TIMEOUT = 14 * 60_000;

/**
 * Build Temporal's CLI from its Go module into the cache. Needs `go`, and takes minutes, once a machine.
 *
 * @returns the path of the binary
 * @throws Error in one sentence, saying what did not work
 *
 * @example
 * ```ts
 * await buildBinary({ cache: '/tmp/cache', env: process.env, notice: SILENT, works: async () => true });
 * ```
 */
export async function buildBinary({ cache, env, notice, works }: Source): Promise<string> {
  const go = await execa('go', ['version'], { reject: false, env, extendEnv: false });
  if (go.failed) throw new Error('there is no `go` on PATH to build the Temporal CLI with');
  notice.say(
    `Building Temporal's CLI ${TEMPORAL_VERSION} with go install. This takes a few minutes, once on this machine.`,
  );
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, '.build-'));
  try {
    const started = Date.now();
    let packages = 0;
    const report = (): void =>
      notice.update(`Building Temporal's CLI: ${packages} packages, ${Math.round((Date.now() - started) / 1000)} s`);
    const tick = setInterval(report, 1000);
    const lastLines: string[] = [];
    try {
      const build = execa('go', ['install', '-v', `${MODULE}@v${TEMPORAL_VERSION}`], {
        env: { ...env, GOBIN: work },
        extendEnv: false,
        timeout: BUILD_TIMEOUT,
        reject: false,
        stdin: 'ignore',
        stdout: 'ignore',
      });
      // `-v` names each package on stderr as it is compiled.
      createInterface({ input: build.stderr }).on('line', (line) => {
        packages++;
        lastLines.push(line);
        if (lastLines.length > 5) lastLines.shift();
      });
      const { failed, shortMessage } = await build;
      if (failed) throw new Error(lastLines.join(' | ') || shortMessage);
    } catch (error) {
      throw new Error(`go install failed (${error instanceof Error ? error.message : String(error)})`, {
        cause: error,
      });
    } finally {
      clearInterval(tick);
    }
    const name = process.platform === 'win32' ? 'temporal.exe' : 'temporal';
    if (!(await works(join(work, name)))) throw new Error('what go install built does not run');
    const folder = join(cache, TEMPORAL_VERSION);
    await mkdir(folder, { recursive: true });
    await rename(join(work, name), join(folder, name));
    notice.say(`Temporal's CLI is now in ${folder}.`);
    return join(folder, name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
