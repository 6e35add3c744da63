/**
 * An error that a user can cause and can mend: a stable code, one sentence that names the thing and its value, and what to
 * type next. Everything else that is thrown is a defect of ours.
 *
 * @example
 * ```ts
 * throw new MftError('UNKNOWN_PARAMETER', 'HelloFlow has no parameter "greting".', { hint: 'Did you mean "greeting"?' });
 * ```
 */
export class MftError extends Error {
  override readonly name = 'MftError';
  /** Upper-case, stable across releases: scripts may match on it. */
  readonly code: string;
  /** The next command to type, or what to change. */
  readonly hint: string | undefined;
  /** The process exit status that fits: 2 for bad usage (the default), 1 where the run or the machine failed. */
  readonly exitCode: 1 | 2;

  constructor(code: string, message: string, options: { hint?: string; exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 2;
  }
}

/**
 * Recognises an {@link MftError} by its brand rather than by `instanceof`, so that two copies of this package in one process agree.
 *
 * @example
 * ```ts
 * if (isMftError(error)) process.exitCode = error.exitCode;
 * ```
 */
export function isMftError(error: unknown): error is MftError {
  return error instanceof Error && error.name === 'MftError' && typeof (error as { code?: unknown }).code === 'string';
}
