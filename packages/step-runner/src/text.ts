/*
 * Cutting text to what Temporal keeps: 4 KB of an activity's failure, message, stack and details together. Sizes are bytes of UTF-8.
 */

/** Bytes of a failure's message that are kept. */
export const MESSAGE_BYTES = 600;

/** Bytes of a traceback that are kept: with message and details still below 4 KB. */
export const TRACEBACK_BYTES = 2800;

/**
 * Keep the beginning of a text, at most `bytes` long, ended by `…` where something was left out. Never cuts a character in two.
 *
 * @example
 * ```ts
 * cutEnd('abcdefgh', 6); // 'abc…'
 * ```
 */
export function cutEnd(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  return head(text, bytes - Buffer.byteLength('…')) + '…';
}

/**
 * Keep the beginning and the end of a text, at most `bytes` long, at whole lines where that costs little. The end gets
 * two thirds: of a traceback it is what tells.
 *
 * @example
 * ```ts
 * cutMiddle(traceback, 2800);
 * ```
 */
export function cutMiddle(text: string, bytes: number): string {
  const total = Buffer.byteLength(text);
  if (total <= bytes) return text;
  const marker = `\n… ${total - bytes} bytes or more left out …\n`;
  const room = Math.max(0, bytes - Buffer.byteLength(marker));
  const front = wholeLines(head(text, Math.floor(room / 3)), 'front');
  const back = wholeLines(tail(text, room - Math.floor(room / 3)), 'back');
  return front + marker + back;
}

/**
 * The first line of a text that says something, cut.
 *
 * @example
 * ```ts
 * oneLine('ValueError: no\nmore'); // 'ValueError: no'
 * ```
 */
export function oneLine(text: string, bytes = MESSAGE_BYTES): string {
  const line = text.split(/\r?\n/).find((part) => part.trim() !== '') ?? '';
  return cutEnd(line.trim(), bytes);
}

function head(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  let end = Math.max(0, Math.min(bytes, buffer.length));
  while (end > 0 && isContinuation(buffer[end])) end--;
  return buffer.toString('utf8', 0, end);
}

function tail(text: string, bytes: number): string {
  const buffer = Buffer.from(text);
  let start = Math.max(0, buffer.length - bytes);
  while (start < buffer.length && isContinuation(buffer[start])) start++;
  return buffer.toString('utf8', start);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Drop a torn line at the cut, unless that would cost more than half. */
function wholeLines(text: string, side: 'front' | 'back'): string {
  if (side === 'front') {
    const end = text.lastIndexOf('\n');
    return end > text.length / 2 ? text.slice(0, end) : text;
  }
  const start = text.indexOf('\n');
  return start >= 0 && start < text.length / 2 ? text.slice(start + 1) : text;
}
