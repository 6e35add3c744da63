const UNITS: Readonly<Record<string, number>> = {
  MB: 1,
  GB: 1e3,
  TB: 1e6,
  MIB: 2 ** 20 / 1e6,
  GIB: 2 ** 30 / 1e6,
  TIB: 2 ** 40 / 1e6,
};

/**
 * An amount of memory with its unit, in MB; undefined for anything else, a bare number among it.
 *
 * @example
 * ```ts
 * megabytesOf('16GB'); // 16000
 * megabytesOf('1.5 GiB'); // 1610.612736
 * megabytesOf('16'); // undefined
 * ```
 */
export function megabytesOf(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]i?B)$/i.exec(text) ?? [];
  const factor = UNITS[(unit ?? '').toUpperCase()];
  const megabytes = factor === undefined ? 0 : Number(amount) * factor;
  return megabytes >= 1 && Number.isFinite(megabytes) ? megabytes : undefined;
}
