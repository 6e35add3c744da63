import { describe, expect, it } from 'vitest';
import { cutEnd, cutMiddle, oneLine } from '../src/text.js';

const size = (text: string): number => Buffer.byteLength(text);

describe('cutEnd', () => {
  it('leaves a short text alone', () => expect(cutEnd('abc', 3)).toBe('abc'));
  it('keeps the beginning', () => expect(cutEnd('abcdefgh', 6)).toBe('abc…'));
  it('never cuts a character in two', () => {
    for (let bytes = 4; bytes < 20; bytes++) {
      const cut = cutEnd('ä🙂ä🙂ä🙂ä', bytes);
      expect(size(cut)).toBeLessThanOrEqual(bytes);
      expect(cut).not.toContain('\ufffd');
    }
  });
});

describe('cutMiddle', () => {
  const traceback = [
    'Traceback (most recent call last):',
    ...Array.from({ length: 400 }, (_, i) => `  File "flow.py", line ${i}, in gr\u00fcn\u{1f642}`),
    'ValueError: no',
  ].join('\n');

  it('leaves a short text alone', () => expect(cutMiddle('a\nb', 100)).toBe('a\nb'));
  it.each([200, 1000, 2800])('keeps both ends in %i bytes', (bytes) => {
    const cut = cutMiddle(traceback, bytes);
    expect(size(cut)).toBeLessThanOrEqual(bytes);
    expect(cut.startsWith('Traceback (most recent call last):')).toBe(true);
    expect(cut.endsWith('ValueError: no')).toBe(true);
    expect(cut).toContain('left out');
    expect(cut).not.toContain('\ufffd');
  });
  it('cuts at whole lines', () => {
    for (const line of cutMiddle(traceback, 1000).split('\n'))
      expect(line).toMatch(/^(Traceback| {2}File .*🙂$|… \d+ bytes|ValueError)/u);
  });
  it('cuts one endless line too', () => expect(size(cutMiddle('x'.repeat(10_000), 300))).toBeLessThanOrEqual(300));
});

describe('oneLine', () => {
  it('takes the first line that says something', () =>
    expect(oneLine('\n  ValueError: no  \nmore')).toBe('ValueError: no'));
  it('is empty for nothing', () => expect(oneLine(' \n')).toBe(''));
});
