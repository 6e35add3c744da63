import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { metaflowPython, UNHURRIED } from '@mft/testing';
import { execa, type Options, type ResultPromise } from 'execa';
import { onTestFinished } from 'vitest';

const PACKAGE = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BIN = join(PACKAGE, 'bin', 'mft.js');

/** The Python with Metaflow that the repository's setup makes. */
export const PYTHON = metaflowPython();

/** Path of a flow in test/fixtures. */
export function fixture(name: string): string {
  return join(PACKAGE, 'test', 'fixtures', name);
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mft-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** An environment in which nothing of this machine's user is seen: no server, no profile, no Metaflow configuration. */
export function cleanEnv(home: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: process.env.HOME,
    TMPDIR: tmpdir(),
    USER: 'tester',
    METAFLOW_USER: 'tester',
    METAFLOW_HOME: join(home, 'metaflowconfig'),
    METAFLOW_PYTHON: PYTHON,
    METAFLOW_DATASTORE_SYSROOT_LOCAL: home,
    MFT_STATE_DIR: join(home, 'state'),
    MFT_SERVER_PORT: '0',
    MFT_SERVER_UI_PORT: '0',
    TEMPORAL_CONFIG_FILE: join(home, 'no-such-temporal.toml'),
    ...more,
  };
}

/** Run the built command as a user would. */
export function mft(
  home: string,
  args: readonly string[],
  options: Options & { env?: Record<string, string> } = {},
): ResultPromise {
  return execa(process.execPath, [BIN, ...args], {
    cwd: home,
    reject: false,
    extendEnv: false,
    stdin: 'ignore',
    ...UNHURRIED,
    ...options,
    env: cleanEnv(home, options.env),
  });
}
