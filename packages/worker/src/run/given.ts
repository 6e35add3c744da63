import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { checkParameters, MftError, parseParameters, type CheckOptions, type ParameterSpec } from '@mft/graph';

/**
 * Parameters as a command line gives them: words, and a file for values too long for it. A word wins over the file.
 *
 * @param words - `key=value` each
 * @param file - a JSON object of values by name; `-` for standard input
 * @returns the values by Metaflow's names, converted to their types
 * @throws MftError `PARAMS_FILE`, and as `checkParameters` of `@mft/graph`
 * @example
 * ```ts
 * await givenParameters(config.parameters, ['count=3'], 'params.json');
 * ```
 */
export async function givenParameters(
  specs: readonly ParameterSpec[],
  words: readonly string[],
  file?: string,
  options: CheckOptions = {},
): Promise<Record<string, unknown>> {
  if (file === undefined) return parseParameters(specs, words, options);
  const fromFile = checkParameters(specs, await readObject(file), { partial: true });
  const fromWords = parseParameters(specs, words, { partial: true });
  return checkParameters(specs, { ...fromFile, ...fromWords }, options);
}

async function readObject(file: string): Promise<Record<string, unknown>> {
  const where = file === '-' ? 'standard input' : `"${file}"`;
  let content: string;
  try {
    content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw refused(`The parameters in ${where} cannot be read: ${(cause as Error).message}`, cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw refused(`The parameters in ${where} are not JSON: ${(cause as Error).message}`, cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw refused(`The parameters in ${where} are not a JSON object.`);
}

function refused(message: string, cause?: unknown): MftError {
  return new MftError('PARAMS_FILE', message, {
    hint: 'It takes one JSON object of values by name, for example: {"alpha": 0.5}',
    cause,
  });
}
