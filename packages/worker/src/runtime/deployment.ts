import type { FlowConfig } from '@mft/graph';
import type { Versions } from '../assets.js';

/** What a generated file holds, beside the code that this folder is. */
export interface Deployment {
  readonly config: FlowConfig;
  readonly hash: string;
  /** ISO time; absent in a file that does not record its deployment. */
  readonly createdAt?: string;
  /** What the file was made with. */
  readonly versions: Versions;
  /** Folders to look for the Temporal SDK in, after the file's own and the working directory. */
  readonly sdk: readonly string[];
  /** Hash of the extension's files, then the files by path. */
  readonly extension: { readonly hash: string; readonly files: Readonly<Record<string, string>> };
  /** Workflow bundle; a function, so that a command that needs none does not build the string. */
  readonly workflows: () => string;
  /** Path of the generated file. */
  readonly file: string;
}

/** Where the head of a generated file leaves what {@link Deployment} says, for the code below it. */
export const DEPLOYMENT: unique symbol = Symbol.for('mft.deployment');
