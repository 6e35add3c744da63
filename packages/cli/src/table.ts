/**
 * Rows of cells as lines, the columns aligned; the first row is the heading.
 *
 * @example
 * ```ts
 * table([['NAME', 'FLOW'], ['shop.prod.Flow', 'Flow']]);
 * ```
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * A time as people here write it: date and time of this machine's zone, to the second.
 *
 * @param iso - ISO 8601
 *
 * @example
 * ```ts
 * localTime('2026-01-31T12:00:00.000Z'); // '2026-01-31 12:00:00' where the zone is UTC
 * ```
 */
export function localTime(iso: string): string {
  // Sweden writes times as ISO 8601 does, but for the T.
  return new Date(iso).toLocaleString('sv-SE');
}
