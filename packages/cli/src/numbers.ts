import { MftError } from '@mft/graph';

/**
 * A whole number given on the command line.
 *
 * @param flag - its name, for the error
 * @throws MftError INVALID_OPTION where it is none, or lies outside `min..max`
 *
 * @example
 * ```ts
 * integer('--port', '7233', 0, 65535); // 7233
 * ```
 */
export function integer(
  flag: string,
  word: string | undefined,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (word === undefined) return undefined;
  const value = Number(word);
  if (/^\d+$/.test(word) && value >= min && value <= max) return value;
  const range =
    max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  throw new MftError('INVALID_OPTION', `${flag} must be ${range}, not "${word}".`, {
    hint: `Leave ${flag} out for its default.`,
  });
}
