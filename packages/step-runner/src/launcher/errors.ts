import type { WireError } from './protocol.js';

/** Thrown when a launcher died, or was killed, before it answered. What it ran is lost; nobody's code is to blame. */
export class LauncherLostError extends Error {
  override readonly name = 'LauncherLostError';
}

/** Thrown when a launcher says that it cannot serve: no Metaflow, a wrong setting, a package that is not in the datastore. */
export class LauncherFatalError extends Error {
  override readonly name = 'LauncherFatalError';
  /** Stable code, where the launcher gave one. */
  readonly code: string | undefined;
  readonly hint: string | undefined;

  constructor(error: WireError) {
    super(error.message);
    this.code = error.code;
    this.hint = error.hint;
  }
}
