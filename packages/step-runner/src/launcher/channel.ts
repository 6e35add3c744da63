import type { Readable, Writable } from 'node:stream';
import { LineSplitter } from './lines.js';

/** What a {@link Channel} reports. */
export interface ChannelEvents {
  /** A line that is a JSON object. */
  message(message: object): void;
  /** A line that is not. */
  garbage(line: string): void;
  /** The other side closed its end, or the pipe broke. Called once. */
  closed(): void;
}

/**
 * Newline-delimited JSON over a pair of pipes. Reading is as fast as `message` returns: a side that writes more is held back by its pipe.
 */
export class Channel {
  readonly #readable: Readable;
  readonly #writable: Writable;
  #open = true;
  #ended = false;

  constructor(readable: Readable, writable: Writable, events: ChannelEvents) {
    this.#readable = readable;
    this.#writable = writable;
    const splitter = new LineSplitter();
    const line = (text: string): void => {
      const message = parse(text);
      if (message) events.message(message);
      else if (text.trim() !== '') events.garbage(text);
    };
    const closed = (): void => {
      if (!this.#open) return;
      this.#open = false;
      const rest = splitter.end();
      if (rest !== undefined) line(rest);
      events.closed();
    };
    readable.on('data', (chunk: Buffer) => splitter.push(chunk).forEach(line));
    readable.on('end', closed);
    readable.on('close', closed);
    // A broken pipe is the same news as an end: the exit of the process tells the reason.
    readable.on('error', closed);
    writable.on('error', closed);
  }

  /** Whether the other side still listens. */
  get open(): boolean {
    return this.#open;
  }

  /** Write one message. Dropped where the other side is gone: its death is reported elsewhere. */
  send(message: object): void {
    if (this.#open && !this.#ended) this.#writable.write(JSON.stringify(message) + '\n');
  }

  /** Close our end for writing, which tells the other side to finish. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#writable.end();
  }

  /** Let go of both pipes at once. */
  destroy(): void {
    this.#ended = true;
    this.#readable.destroy();
    this.#writable.destroy();
  }

  /** Resolves when everything that the other side wrote has been read, at the latest after `ms`. */
  drained(ms: number): Promise<void> {
    if (this.#readable.readableEnded || this.#readable.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const readable = this.#readable;
      function done(): void {
        clearTimeout(timer);
        readable.off('end', done);
        readable.off('close', done);
        resolve();
      }
      readable.once('end', done);
      readable.once('close', done);
    });
  }
}

function parse(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
