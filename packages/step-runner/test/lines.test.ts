import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../src/launcher/lines.js';

const text = 'first\n\nzwölf 🙂\r\n{"a":1}\nlast';

function split(chunks: Buffer[]): string[] {
  const splitter = new LineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(chunk));
  const rest = splitter.end();
  return rest === undefined ? lines : [...lines, rest];
}

describe('LineSplitter', () => {
  it('gives the same lines wherever the chunks are cut', () => {
    const bytes = Buffer.from(text);
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 3) {
        expect(split([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)])).toEqual(
          text.split('\n'),
        );
      }
    }
  });

  it('has nothing left after a newline', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('a\n'))).toEqual(['a']);
    expect(splitter.end()).toBeUndefined();
  });

  it('joins a line of many chunks in linear time', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const splitter = new LineSplitter();
    const begun = performance.now();
    for (let i = 0; i < 1000; i++) expect(splitter.push(chunk)).toEqual([]);
    const [line] = splitter.push(Buffer.from('\n'));
    expect(line).toHaveLength(64_000 * 1024);
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
