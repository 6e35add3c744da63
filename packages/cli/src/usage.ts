import { MftError } from '@mft/graph';
import type { CommanderError } from 'commander';

const CODES: Readonly<Record<string, string>> = {
  'commander.unknownOption': 'UNKNOWN_OPTION',
  'commander.unknownCommand': 'UNKNOWN_COMMAND',
  'commander.missingArgument': 'MISSING_ARGUMENT',
  'commander.optionMissingArgument': 'MISSING_VALUE',
  'commander.invalidArgument': 'INVALID_OPTION',
  'commander.excessArguments': 'EXCESS_ARGUMENT',
  'commander.conflictingOption': 'CONFLICTING_OPTIONS',
};

/**
 * A command line that commander refused, as an error like every other.
 *
 * @param command - the command that was called, for the hint
 *
 * @example
 * ```ts
 * usageError(new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'"), 'run').code; // 'UNKNOWN_OPTION'
 * ```
 */
export function usageError({ code, message }: CommanderError, command: string | undefined): MftError {
  const [sentence = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const help = command === undefined ? 'mft --help' : `mft ${command} --help`;
  const hint = suggestion?.replace(/[()]/g, '') ?? parameterHint(sentence, command) ?? `All there is: ${help}`;
  return new MftError(CODES[code] ?? 'BAD_USAGE', sentenceOf(sentence), { hint });
}

/** Who writes `--alpha 0.5`, as Metaflow's own `run` takes it, means a parameter; where none is taken, an option of the flow's own. */
function parameterHint(sentence: string, command: string | undefined): string | undefined {
  const option = /unknown option '--([A-Za-z][\w-]*)/.exec(sentence)?.[1];
  if (option === undefined) return undefined;
  if (command === 'create')
    return `An option that the flow's own decorators declare is given as --metaflow-option=--${option}=…`;
  if (command !== 'run') return undefined;
  if (['json', 'debug'].includes(option)) return `Options follow the command: mft run --${option}`;
  return `Parameters are given as key=value: ${option}=…`;
}

function sentenceOf(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
