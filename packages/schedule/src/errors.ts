/**
 * A schedule that cannot be had, by name and with what to write instead. It carries the brand of `@mft/graph`'s error (`name`, `code`,
 * `hint`, `exitCode`), which this package does not depend on: `isMftError` recognises it.
 *
 * @example
 * ```ts
 * throw new ScheduleError('INVALID_CRON', 'Cron "0 25 * * *": hour 25 is not within 0-23.', 'Fields are: minute hour day month weekday [year].');
 * ```
 */
export class ScheduleError extends Error {
  override readonly name = 'MftError';
  /** Upper-case, stable across releases. */
  readonly code: 'INVALID_CRON' | 'IMPOSSIBLE_CRON' | 'INVALID_TIMEZONE' | 'INVALID_TIME';
  /** What to write instead. */
  readonly hint: string;
  readonly exitCode = 2;

  constructor(code: ScheduleError['code'], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
