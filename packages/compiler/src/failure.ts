import { MftError } from '@mft/graph';
import type { Refusal } from './introspection.js';

/** How an inspection ended that gave no answer. */
export interface Ended {
  readonly file: string;
  readonly python: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
}

const TRACEBACK_LINES = 12;

// Errors of Metaflow's that what was typed causes, not the flow.
const OF_THE_COMMAND_LINE = new Set(['CommandException', 'UnknownStepDecoratorException', 'MetaflowTaggingError']);

/** The error that a refusal of the extension stands for. */
export function refused(refusal: Refusal, file: string, python: string): MftError {
  if (refusal.code === 'FLOW_CRASHED') return crashed(file, python, refusal.traceback ?? refusal.message);
  const headline = refusal.headline ?? 'Metaflow refuses this flow';
  const message = `${headline}: ${refusal.message}`;
  if (refusal.type === 'MetaflowUnknownUser') {
    return new MftError('UNKNOWN_USER', message, { hint: 'Say who you are: export METAFLOW_USER=yourname' });
  }
  if (refusal.type !== undefined && OF_THE_COMMAND_LINE.has(refusal.type)) {
    return new MftError('INVALID_OPTION', message, { hint: `See all options: ${python} ${file} --help` });
  }
  const hint = refusal.hint ?? `Mend ${file}, then look again: ${python} ${file} check`;
  return new MftError(refusal.code, message, { hint });
}

/** The error that stands for an inspection that ended without a word. */
export function silent(ended: Ended): MftError {
  const { file, python, exitCode, signal, stderr } = ended;
  if (signal !== undefined) {
    return new MftError('FLOW_CRASHED', `Python was ended by ${signal} while it read ${file}.`, {
      hint: `Try: ${python} ${file} show`,
    });
  }
  const usage = /^Error: ([\s\S]+)$/m.exec(stderr)?.[1]?.trim();
  if (exitCode === 2 && usage !== undefined && stderr.includes('[OPTIONS]')) return badOption(usage, file, python);
  if (exitCode === 0 || /unrecognized arguments:.*temporal/.test(stderr)) return notAFlow(file);
  if (stderr.includes('Traceback (most recent call last)') || /^\s*\w*(Syntax|Indentation|Tab)Error: /m.test(stderr)) {
    return crashed(file, python, stderr);
  }
  return new MftError(
    'FLOW_CRASHED',
    `${file} ended with status ${exitCode} before Metaflow could describe it.${tail(stderr)}`,
    {
      hint: `Try: ${python} ${file} show`,
    },
  );
}

function badOption(usage: string, file: string, python: string): MftError {
  if (/No such command '?"?temporal/.test(usage)) {
    return new MftError('EXTENSION_NOT_LOADED', `Metaflow did not load the extension "temporal" for ${file}.`, {
      hint: `See why: METAFLOW_DEBUG_EXT=1 ${python} ${file} help`,
    });
  }
  return new MftError('INVALID_OPTION', `Metaflow refuses these options: ${usage}`, {
    hint: `See them all: ${python} ${file} --help`,
  });
}

/** A file that Python runs but that never starts a flow. */
export function notAFlow(file: string): MftError {
  return new MftError('NOT_A_FLOW', `${file} runs, but starts no Metaflow flow.`, {
    hint: `A flow's file ends with: if __name__ == "__main__": MyFlow()`,
  });
}

function crashed(file: string, python: string, stderr: string): MftError {
  const lines = stderr.trimEnd().split('\n');
  const last = lines.at(-1)?.trim() ?? '';
  if (!file.endsWith('.py') && /^(SyntaxError|IndentationError|NameError|UnicodeDecodeError)/.test(last)) {
    return new MftError('NOT_A_FLOW', `${file} is not a Python file.`, {
      hint: 'Name the file that holds the flow: mft run my_flow.py',
    });
  }
  const ofMetaflow = /^metaflow\.[\w.]*\.\w+: (.+)$/.exec(last)?.[1];
  if (ofMetaflow !== undefined) {
    return new MftError('INVALID_FLOW', ofMetaflow, {
      hint: `Mend ${file}, then look again: ${python} ${file} check`,
    });
  }
  const missing = /^ModuleNotFoundError: No module named '([^']+)'/.exec(last)?.[1];
  if (missing === 'metaflow') {
    return new MftError('METAFLOW_NOT_FOUND', `${python} has no Metaflow.`, {
      hint: `${python} -m pip install metaflow`,
    });
  }
  const hint =
    missing === undefined
      ? `Mend it, then look again: ${python} ${file} show`
      : `If it is a package: ${python} -m pip install ${missing}`;
  return new MftError('FLOW_CRASHED', `${file} raises ${last || 'an exception'}${tail(stderr)}`, { hint });
}

function tail(stderr: string): string {
  const text = stderr.trimEnd();
  if (text === '') return '';
  return '\n' + text.split('\n').slice(-TRACEBACK_LINES).join('\n');
}
