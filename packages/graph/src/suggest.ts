/** Edit distance, two neighbours that changed places counted once; three rows only. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above, left, diagonal] = [row[j] ?? 0, next[j - 1] ?? 0, row[j - 1] ?? 0];
      next[j] = Math.min(above + 1, left + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j] ?? 0, (before[j - 2] ?? Infinity) + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The known name that someone probably meant; undefined where none is near.
 *
 * @example
 * ```ts
 * suggest('greting', ['greeting', 'count']); // 'greeting'
 * ```
 */
export function suggest(given: string, known: readonly string[]): string | undefined {
  const lower = given.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of known) {
    const other = name.toLowerCase();
    const away = other.startsWith(lower) && lower.length > 1 ? 0.5 : distance(lower, other);
    if (away < least) [best, least] = [name, away];
  }
  return least <= Math.max(1, Math.floor(given.length / 3)) ? best : undefined;
}
