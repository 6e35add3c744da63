/**
 * Splits a stream of bytes into lines, wherever the chunks are cut: in the middle of a line or of a character.
 * A long line is joined once, when it ends, so its cost is linear.
 *
 * @example
 * ```ts
 * const splitter = new LineSplitter();
 * splitter.push(Buffer.from('a\nb')); // ['a']
 * splitter.push(Buffer.from('c\n'));  // ['bc']
 * ```
 */
export class LineSplitter {
  readonly #parts: Buffer[] = [];

  /** Lines that this chunk completes, without their newlines. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      this.#parts.push(chunk.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    if (from < chunk.length) this.#parts.push(chunk.subarray(from));
    return lines;
  }

  /** What is left when the stream ends: an unfinished last line, or undefined. */
  end(): string | undefined {
    return this.#parts.length === 0 ? undefined : this.#take();
  }

  #take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts.length = 0;
    return text;
  }
}
