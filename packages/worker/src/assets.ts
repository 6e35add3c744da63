import { readFile } from 'node:fs/promises';
import { MftError } from '@mft/graph';

/*
 * What the build puts beside this package's own code: the workflow bundle, and the runtime of a generated worker file.
 * Named from `dist` and from `src` alike: both lie directly in the package.
 */

export type Asset = 'workflow-bundle.cjs' | 'worker-runtime.mjs' | 'versions.json';

/** Versions that a build was made with; a generated file says them and insists on Temporal's minor. */
export interface Versions {
  /** Of `@mft/worker`. */
  readonly mft: string;
  /** Of the Temporal SDK. */
  readonly temporal: string;
}

/** Read a built asset as text. */
export async function readAsset(name: Asset): Promise<string> {
  const url = new URL(`../dist/${name}`, import.meta.url);
  try {
    return await readFile(url, 'utf8');
  } catch (cause) {
    throw new MftError('NOT_BUILT', `The built file ${name} of @mft/worker is missing.`, {
      hint: 'In the repository: npm run build. Elsewhere: reinstall @mft/worker.',
      exitCode: 1,
      cause,
    });
  }
}

/**
 * The workflows of `@mft/interpreter` as Temporal's worker takes them: bundled when this package was built.
 *
 * @example
 * ```ts
 * await Worker.create({ workflowBundle: await prebuiltWorkflowBundle(), taskQueue: 'my-queue' });
 * ```
 */
export async function prebuiltWorkflowBundle(): Promise<{ code: string }> {
  return { code: await readAsset('workflow-bundle.cjs') };
}
