import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { metaflowPython } from '@mft/testing';
import { afterAll, beforeAll } from 'vitest';
import { compileFlow } from '../../src/index.js';
import type { CompileOptions } from '../../src/index.js';
import { MftError } from '@mft/graph';
import type { FlowConfig } from '@mft/graph';

/** The interpreter with the real Metaflow that these tests run. */
export const python = metaflowPython();

/** Absolute path of a fixture. */
export const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** The environment of a person without any Metaflow setting. */
export function cleanEnv(home: string, extra: Record<string, string> = {}): Record<string, string | undefined> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(METAFLOW|PYTHON|VIRTUAL_ENV|MFT)/.test(name)),
  );
  return {
    ...env,
    HOME: home,
    METAFLOW_HOME: join(home, '.metaflowconfig'),
    METAFLOW_USER: 'alice',
    PYTHONDONTWRITEBYTECODE: '1',
    ...extra,
  };
}

/** A directory for one test file, gone afterwards. */
export function workplace(): { readonly path: string } {
  const place = { path: '' };
  beforeAll(async () => {
    place.path = await mkdtemp(join(tmpdir(), 'mft-compiler-'));
  });
  afterAll(() => rm(place.path, { recursive: true, force: true }));
  return place;
}

/** Compile a fixture in a directory, as alice. What the flow prints is dropped unless asked for. */
export function compile(
  cwd: string,
  name: string,
  options: CompileOptions & { vars?: Record<string, string> } = {},
): Promise<FlowConfig> {
  const { vars, ...rest } = options;
  return compileFlow(fixture(name), { python, cwd, env: cleanEnv(cwd, vars), onOutput: () => undefined, ...rest });
}

/** The MftError that something is refused with. */
export async function refusal(act: Promise<unknown>): Promise<MftError> {
  const error: unknown = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof MftError) return error;
  throw error ?? new Error('nothing was refused');
}
