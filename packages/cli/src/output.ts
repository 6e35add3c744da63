import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MftError } from '@mft/graph';

/**
 * Check that a file can be written, before anything is done that ends in writing it.
 *
 * @throws MftError BAD_OUTPUT where it is a folder, or lies in one that does not exist
 *
 * @example
 * ```ts
 * await checkOutput('out/worker.mjs');
 * ```
 */
export async function checkOutput(file: string): Promise<void> {
  const [target, folder] = await Promise.all([stat(file), stat(dirname(file))].map((s) => s.catch(() => undefined)));
  if (target?.isDirectory()) throw new MftError('BAD_OUTPUT', `"${file}" is a folder.`, { hint: 'Name a file in it.' });
  if (!folder?.isDirectory()) {
    throw new MftError('BAD_OUTPUT', `There is no folder "${dirname(file)}".`, {
      hint: `mkdir -p ${shellWord(dirname(file))}`,
    });
  }
}

/**
 * A word as it must be typed in a shell, for hints that people copy.
 *
 * @example
 * ```ts
 * shellWord("my flows/it's.mjs"); // `'my flows/it'\\''s.mjs'`
 * ```
 */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
