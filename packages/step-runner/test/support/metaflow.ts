import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { extensionPath } from '@mft/metaflow-extension';
import { metaflowPython } from '@mft/testing';

/** Folder of the test flows. */
export const FLOWS = fileURLToPath(new URL('../fixtures/flows/', import.meta.url));

/** A Metaflow of this test's own: datastore, metadata and configuration in a folder that is removed in the end. */
export interface Metaflow {
  readonly folder: string;
  readonly python: string;
  readonly env: NodeJS.ProcessEnv;
  /** Run Python with Metaflow's client at hand; what it assigns to `answer` comes back. */
  ask<T>(source: string): Promise<T>;
  remove(): void;
}

/** Set up a Metaflow with a local datastore in a fresh folder. */
export function freshMetaflow(): Metaflow {
  const folder = mkdtempSync(join(tmpdir(), 'mft-step-runner-'));
  const python = metaflowPython();
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('METAFLOW_'));
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(inherited),
    METAFLOW_HOME: join(folder, 'home'),
    METAFLOW_USER: 'tester',
    METAFLOW_DEFAULT_DATASTORE: 'local',
    METAFLOW_DEFAULT_METADATA: 'local',
    METAFLOW_DATASTORE_SYSROOT_LOCAL: folder,
    METAFLOW_TEMPORAL_RETRY_WAIT: '0',
    MFT_TEST_FOLDER: folder,
  };
  return {
    folder,
    python,
    env,
    async ask<T>(source: string): Promise<T> {
      const program = `import json, metaflow\nfrom metaflow import Flow, Run, Step, Task\nmetaflow.namespace(None)\n${source}\nprint("ANSWER " + json.dumps(answer))`;
      const { stdout } = await execa(python, ['-c', program], {
        env: { ...env, PYTHONPATH: extensionPath() },
        extendEnv: false,
        cwd: folder,
      });
      return JSON.parse(stdout.split('ANSWER ').at(-1)!) as T;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
