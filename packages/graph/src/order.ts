/*
 * A list of small numbers that repeat, in few characters: `[0, 0, 0, 1, 0]` is `a3ba`. Each number is a letter, its count follows where it is
 * not one. Numbers from 26 on have capital letters before the small one: 26 is `Ba`, 27 `Bb`.
 */

const RADIX = 26;
const SMALL = 97;
const CAPITAL = 65;

/**
 * Writes numbers down.
 *
 * @param runs - a number, and how often it stands there; each count 1 or more
 * @example
 * ```ts
 * packOrder([[0, 3], [1, 1], [0, 1]]); // 'a3ba'
 * ```
 */
export function packOrder(runs: Iterable<readonly [number: number, count: number]>): string {
  let text = '';
  for (const [number, count] of runs) {
    let name = String.fromCharCode(SMALL + (number % RADIX));
    for (let rest = Math.floor(number / RADIX); rest > 0; rest = Math.floor(rest / RADIX)) {
      name = String.fromCharCode(CAPITAL + (rest % RADIX)) + name;
    }
    text += count === 1 ? name : `${name}${count}`;
  }
  return text;
}

/**
 * Reads what {@link packOrder} wrote.
 *
 * @throws Error for anything else
 * @example
 * ```ts
 * [...unpackOrder('a3ba')]; // [[0, 3], [1, 1], [0, 1]]
 * ```
 */
export function* unpackOrder(text: string): Generator<readonly [number: number, count: number]> {
  const token = /([A-Z]*)([a-z])(\d*)/y;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) throw new Error(`This is no packed order: ${text.slice(0, 40)}`);
    const [, capitals = '', small = '', count = ''] = found;
    let number = 0;
    for (const letter of capitals) number = number * RADIX + letter.charCodeAt(0) - CAPITAL;
    yield [number * RADIX + small.charCodeAt(0) - SMALL, count === '' ? 1 : Number(count)];
  }
}
