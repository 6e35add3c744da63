import type { Logger } from '../worker/logger.js';

/** Tells of each trouble once, however often it comes back: until it changes, or was over. */
export class Troubles {
  readonly #logger: Logger | undefined;
  readonly #told = new Map<string, string>();

  constructor(logger: Logger | undefined) {
    this.#logger = logger;
  }

  /** Something is wrong. */
  tell(about: string, text: string): void {
    // Numbers are times and attempts: the trouble is the same.
    const kind = text.replaceAll(/[\d.]+/g, '');
    if (this.#told.get(about) === kind) return;
    this.#told.set(about, kind);
    this.#logger?.error(text);
  }

  /** It is well again: said only where it was said that it is not. */
  over(about: string, text: string): void {
    if (this.#told.delete(about)) this.#logger?.info(text);
  }

  /** It is of no interest any more. */
  forget(about: string): void {
    this.#told.delete(about);
  }
}
