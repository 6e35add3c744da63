/**
 * Where long-running work says what it does. The printer decides how it looks: a line that is overwritten on a terminal, a line
 * now and then elsewhere.
 */
export interface Notice {
  /** Something to keep on the screen. */
  say(text: string): void;
  /** Progress of what is going on now; the next call replaces it. */
  update(text: string): void;
}

/** A {@link Notice} that says nothing. */
export const SILENT: Notice = { say: () => undefined, update: () => undefined };
