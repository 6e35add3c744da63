import type { Notice } from './notice.js';

/** A place to print to. `process.stdout` and `process.stderr` fit. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** What a command may use of the world. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  /** For what a person reads while it happens: stdout, or stderr where `--json` keeps stdout free. */
  readonly screen: OutputStream;
  readonly notice: Notice;
  /** A line for a person that must never be among the results: on stderr. */
  readonly warn: (text: string) => void;
  /** Prints a result before the command ends, as a server's address must be. */
  readonly show: (result: Result) => void;
}

/** What a command returns; one place prints it. */
export interface Result {
  /** For a person. */
  readonly text: string;
  /** For a program: what `--json` prints. */
  readonly json: unknown;
  /** 0, or 1 where a run failed or what was asked for is not there; 130 where Ctrl-C ended the waiting for what goes on. */
  readonly exitCode?: 0 | 1 | 130;
  /** A line for a person after all that, on stderr whatever was asked for. */
  readonly last?: string | undefined;
}

/** A command: plain words and flags in, a result out. Nothing is printed if it returns undefined. */
export type Handler<Flags> = (words: readonly string[], flags: Flags, context: Context) => Promise<Result | undefined>;
