import { MftError } from '@mft/graph';

/** Metaflow's options that take two values, which commander cannot declare without taking more. */
const PAIRS = new Set(['--config', '--config-value']);

/**
 * Fold `--config NAME FILE` into one word, `--config=["NAME","FILE"]`, so that everything after it is parsed as usual.
 * {@link parsePair} undoes it. A word after `--` is left alone.
 *
 * @throws MftError MISSING_VALUE where one of the two values is missing
 *
 * @example
 * ```ts
 * foldPairs(['run', '--config', 'a', 'b.json', 'f.py']); // ['run', '--config=["a","b.json"]', 'f.py']
 * ```
 */
export function foldPairs(argv: readonly string[]): string[] {
  const folded: string[] = [];
  let skip = 0;
  for (const [i, word] of argv.entries()) {
    if (skip > 0) {
      skip--;
      continue;
    }
    if (word === '--') return [...folded, ...argv.slice(i)];
    if (!PAIRS.has(word)) {
      folded.push(word);
      continue;
    }
    const [name, value] = [argv[i + 1], argv[i + 2]];
    if (name === undefined || value === undefined) {
      throw new MftError(
        'MISSING_VALUE',
        `${word} takes two values, a name and a ${word === '--config' ? 'file' : 'value'}.`,
        {
          hint:
            word === '--config'
              ? 'For example: --config settings settings.json'
              : 'For example: --config-value settings \'{"a": 1}\'',
        },
      );
    }
    folded.push(`${word}=${JSON.stringify([name, value])}`);
    skip = 2;
  }
  return folded;
}

/**
 * The two values of a folded option.
 *
 * @throws MftError MISSING_VALUE for `--config=x`, which Metaflow does not know either
 *
 * @example
 * ```ts
 * parsePair('["a","b.json"]'); // ['a', 'b.json']
 * ```
 */
export function parsePair(word: string): [string, string] {
  try {
    const pair: unknown = JSON.parse(word);
    if (Array.isArray(pair) && pair.length === 2) return [String(pair[0]), String(pair[1])];
  } catch {
    // Not one of ours: answered below.
  }
  throw new MftError('MISSING_VALUE', `A config is given by two values, not by "${word}".`, {
    hint: 'For example: --config settings settings.json',
  });
}

/** A parameter word: a name, as Python's identifiers and with dashes, `=`, and anything at all. */
const PARAMETER = /^[\p{L}_][\p{L}\p{M}\p{N}_-]*=/u;

/**
 * Whether a word has the form of a parameter.
 *
 * @example
 * ```ts
 * isParameter('alpha=1'); // true
 * ```
 */
export function isParameter(word: string): boolean {
  return PARAMETER.test(word);
}

/** What the plain words of a command line name. */
export interface Words {
  readonly file: string;
  /** `key=value` words, in order. */
  readonly parameters: readonly string[];
}

/**
 * Sort the plain words of a command line: the first that is not `key=value` is the flow file, wherever it stands.
 *
 * @throws MftError MISSING_FLOW where there is none, INVALID_PARAMETER for a further word that is not `key=value`
 *
 * @example
 * ```ts
 * sortWords('run', ['alpha=1', 'flow.py']); // { file: 'flow.py', parameters: ['alpha=1'] }
 * ```
 */
export function sortWords(command: string, words: readonly string[]): Words {
  const parameters = words.filter((word) => PARAMETER.test(word));
  const [file, further] = words.filter((word) => !PARAMETER.test(word));
  if (file === undefined) {
    throw new MftError('MISSING_FLOW', 'No flow file is given.', { hint: `Name one: mft ${command} my_flow.py` });
  }
  if (further !== undefined) {
    throw new MftError('INVALID_PARAMETER', `"${further}" is not a parameter.`, {
      hint: 'Parameters are given as key=value, for example: alpha=0.5',
    });
  }
  return { file, parameters };
}

/**
 * The one plain word of a command that takes a flow and no parameters.
 *
 * @throws MftError as {@link sortWords}, EXCESS_ARGUMENT
 *
 * @example
 * ```ts
 * flowFile('graph', ['flow.py']); // 'flow.py'
 * ```
 */
export function flowFile(command: string, words: readonly string[]): string {
  const { file, parameters } = sortWords(command, words);
  if (parameters.length === 0) return file;
  throw new MftError('EXCESS_ARGUMENT', `mft ${command} takes no parameters, but "${parameters[0]}" is given.`, {
    hint: `Parameters are given to a run: mft run ${file} ${parameters[0]}`,
  });
}

/**
 * Sort the plain words of a command that names a deployment: the name, further words, `key=value` words.
 *
 * @param further - how many words may follow the name
 * @throws MftError MISSING_ARGUMENT where there is no name, INVALID_PARAMETER for a word too many
 *
 * @example
 * ```ts
 * deploymentWords('resume', ['HelloFlow', 'train', 'alpha=1'], 1); // { name: 'HelloFlow', further: ['train'], parameters: ['alpha=1'] }
 * ```
 */
export function deploymentWords(
  command: string,
  words: readonly string[],
  further = 0,
): { readonly name: string; readonly further: readonly string[]; readonly parameters: readonly string[] } {
  const parameters = words.filter((word) => PARAMETER.test(word));
  const [name, ...rest] = words.filter((word) => !PARAMETER.test(word));
  if (name === undefined) {
    throw new MftError('MISSING_ARGUMENT', 'No deployment is named.', {
      hint: `Name one: mft ${command} NAME. All there are: mft list`,
    });
  }
  const excess = rest[further];
  if (excess !== undefined) {
    throw new MftError('INVALID_PARAMETER', `"${excess}" is not a parameter.`, {
      hint: 'Parameters are given as key=value, for example: alpha=0.5',
    });
  }
  return { name, further: rest, parameters };
}
