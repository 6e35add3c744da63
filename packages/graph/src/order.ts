/*
 * A list of small numbers that repeat, in few characters: `[0, 0, 0, 1, 0]` is `a3ba`. Each number is a letter, its count follows where it is
 * not one. Numbers from 26 on have capital letters before the small one: 26 is `Ba`, 27 `Bb`.
 */

const RADIX = 26;
const SMALL = 97;
const CAPITAL = 65;

/**
 * A whole number from 0 in letters, of which the last one alone is small: written one after the other they need nothing in between.
 *
 * @example
 * ```ts
 * lettersOf(27); // 'Bb'
 * ```
 */
export function lettersOf(number: number): string {
  let text = String.fromCharCode(SMALL + (number % RADIX));
  for (let rest = Math.floor(number / RADIX); rest > 0; rest = Math.floor(rest / RADIX)) {
    text = String.fromCharCode(CAPITAL + (rest % RADIX)) + text;
  }
  return text;
}

/**
 * Reads what {@link lettersOf} wrote.
 *
 * @example
 * ```ts
 * numberOfLetters('Bb'); // 27
 * ```
 */
export function numberOfLetters(letters: string): number {
  let number = 0;
  for (const letter of letters.slice(0, -1)) number = number * RADIX + letter.charCodeAt(0) - CAPITAL;
  return number * RADIX + letters.charCodeAt(letters.length - 1) - SMALL;
}

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
  for (const [number, count] of runs) text += lettersOf(number) + (count === 1 ? '' : String(count));
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
  const token = /([A-Z]*[a-z])(\d*)/y;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) throw new Error(`This is no packed order: ${text.slice(0, 40)}`);
    const [, letters = '', count = ''] = found;
    yield [numberOfLetters(letters), count === '' ? 1 : Number(count)];
  }
}
