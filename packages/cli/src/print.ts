import { isMftError } from '@mft/graph';
import pc from 'picocolors';
import type { OutputStream, Result } from './context.js';
import type { Notice } from './notice.js';

/** Milliseconds between two progress lines where they cannot be overwritten. */
const PLAIN_INTERVAL = 15_000;

/** The one place that prints. */
export interface Printer extends Notice {
  /** For what a person reads: stdout, or stderr where a program reads stdout. */
  readonly screen: OutputStream;
  readonly result: (result: Result) => void;
  /** A line on stderr. */
  readonly warn: (text: string) => void;
  /** @returns the exit status: 2 for bad usage, 1 for what failed */
  error(error: unknown): number;
}

export interface PrinterOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  readonly json: boolean;
  /** Print an error as a line of a JSON log. */
  readonly jsonLog?: boolean;
  readonly debug: boolean;
  /** Fields that an object on stdout always has, for a command that promises some. */
  readonly errorFields?: Readonly<Record<string, unknown>> | undefined;
  /** Where defects are reported. */
  readonly tracker?: string | undefined;
}

/**
 * A printer for one command.
 *
 * @example
 * ```ts
 * const printer = createPrinter({ stdout: process.stdout, stderr: process.stderr, env: process.env, json: false, debug: false });
 * process.exitCode = printer.error(new MftError('NOT_A_FLOW', 'a.py holds no flow.'));
 * ```
 */
export function createPrinter(options: PrinterOptions): Printer {
  const { stdout, stderr, env, json, debug } = options;
  const screen = json ? stderr : stdout;
  const colors = colorsFor(stderr, env);
  const overwrites = stderr.isTTY === true && env.TERM !== 'dumb';
  let transient = false;
  let lastUpdate = 0;

  const clear = (): void => {
    if (transient) stderr.write('\r\u001b[2K');
    transient = false;
  };
  const say = (text: string): void => {
    clear();
    screen.write(`${text}\n`);
  };
  const warn = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
  };
  const update = (text: string): void => {
    if (overwrites) {
      stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
      transient = true;
    } else if (Date.now() - lastUpdate >= PLAIN_INTERVAL) {
      lastUpdate = Date.now();
      stderr.write(`${text}\n`);
    }
  };
  const result = ({ text, json: value }: Result): void => {
    clear();
    if (!json) stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    else stdout.write(`${JSON.stringify(value)}\n`);
  };
  const error = (thrown: unknown): number => {
    clear();
    const told = describe(thrown, options.tracker);
    const { code, message, hint } = told;
    if (options.jsonLog) {
      const line = { time: new Date().toISOString(), level: 'error', message, code, hint };
      stderr.write(`${JSON.stringify(debug ? { ...line, stack: stackOf(thrown) } : line)}\n`);
      return told.exitCode;
    }
    stderr.write(`${colors.red(told.title)}: ${message}\n`);
    if (hint !== undefined) stderr.write(`  ${hint}\n`);
    if (debug) stderr.write(`\n${stackOf(thrown)}\n`);
    if (json) {
      const details = { type: code, code, message, ...(hint === undefined ? {} : { hint }) };
      stdout.write(`${JSON.stringify({ ...options.errorFields, error: details })}\n`);
    }
    return told.exitCode;
  };
  return { screen, say, update, warn, result, error };
}

interface Told {
  readonly title: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

function describe(thrown: unknown, tracker: string | undefined): Told {
  if (isMftError(thrown)) {
    const { code, message, hint, exitCode } = thrown;
    return { title: `Error [${code}]`, code, message, hint, exitCode };
  }
  return {
    title: 'Internal error',
    code: 'INTERNAL',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: `This is a defect of mft, not of your flow. Run the command again with --debug and report what it prints${tracker ? `: ${tracker}` : " on the project's issue tracker."}`,
    exitCode: 1,
  };
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const stack = thrown.stack ?? thrown.message;
  return thrown.cause === undefined ? stack : `${stack}\nCaused by: ${stackOf(thrown.cause)}`;
}

/** Colours on a terminal, unless NO_COLOR is set; FORCE_COLOR turns them on elsewhere. */
function colorsFor(stream: OutputStream, env: NodeJS.ProcessEnv): ReturnType<typeof pc.createColors> {
  const forced = !['', '0', 'false'].includes(env.FORCE_COLOR ?? '');
  return pc.createColors(!env.NO_COLOR && (forced || (stream.isTTY === true && env.TERM !== 'dumb')));
}
