import { isMftError, MftError } from '@mft/graph';
import { CommanderError } from 'commander';

/** gRPC's status for a server that is gone. */
const UNAVAILABLE = 14;

/**
 * Print an error for a person: one sentence and a hint, a stack trace only where asked for.
 *
 * @returns the exit status that fits
 */
export function reportError(thrown: unknown, debug: boolean, print: (text: string) => void): 1 | 2 {
  const error = translate(thrown);
  if (!isMftError(error)) {
    print(`Error: ${error instanceof Error ? error.message : String(error)}`);
    print(debug ? String((error as Error).stack) : '  This was not foreseen; --debug shows where it came from.');
    return 1;
  }
  print(`Error [${error.code}]: ${error.message}`);
  if (error.hint !== undefined) print(`  ${error.hint}`);
  if (debug) print(String(error.stack) + (error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''));
  return error.exitCode;
}

/** An error as a line of a JSON log. */
export function logLineOf(thrown: unknown): string {
  const error = translate(thrown);
  const message = error instanceof Error ? error.message : String(error);
  const { code, hint } = isMftError(error) ? error : { code: 'INTERNAL', hint: undefined };
  const line = {
    time: new Date().toISOString(),
    level: 'error',
    message,
    code,
    ...(hint === undefined ? {} : { hint }),
  };
  return JSON.stringify(line);
}

/** What `trigger --json` prints where there is no outcome: the fields of one, without a run. */
export function failureOf(thrown: unknown): Readonly<Record<string, unknown>> {
  const error = translate(thrown);
  const { message } = error instanceof Error ? error : { message: String(error) };
  const type = isMftError(error) ? error.code : error instanceof CommanderError ? 'BAD_USAGE' : 'INTERNAL';
  const hint = isMftError(error) && error.hint !== undefined ? { hint: error.hint } : {};
  return {
    status: 'failed',
    pathspec: null,
    runId: null,
    workflowId: null,
    error: { type, code: type, message: message.replace(/^error: /, ''), ...hint },
  };
}

function translate(error: unknown): unknown {
  for (let e = error, depth = 0; e instanceof Error && depth < 10; e = e.cause, depth++) {
    if (isMftError(e)) return e;
    if ((e as { code?: unknown }).code === UNAVAILABLE) {
      return new MftError('CONNECTION_LOST', 'The Temporal server does not answer any more.', {
        hint: 'The run, if one was started, goes on once the server is back.',
        exitCode: 1,
        cause: error,
      });
    }
  }
  return error;
}
