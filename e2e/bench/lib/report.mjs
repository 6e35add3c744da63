/**
 * `beyond`: widths at which somebody does no more; `notes`: what else there is to say
 *
 * @typedef {{ name: string, value: number, least?: number, most?: number }} Ratio `least`, `most`: the bar
 * @typedef {{ name: string, unit: string, width?: number, values: Record<string, number>, ratios: Ratio[], notes?: string, beyond?: Record<string, number>, samples: import('./stats.mjs').Samples }} Row
 * @typedef {{ rounds: number, full: boolean, widths: number[], packagePython?: string | undefined, tell: (name: string, seconds: number) => void }} Settings
 * @typedef {(context: import('./context.mjs').Context, settings: Settings) => Promise<Row[]>} Part
 */

/** @param {Ratio} ratio whether it reaches its bar; undefined where it has none */
export function reached({ value, least, most }) {
  if (least === undefined && most === undefined) return undefined;
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity);
}

/** @param {number} value */
export function digits(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * The rows as a Markdown table, which is also what the terminal shows.
 *
 * @param {readonly Row[]} rows
 */
export function table(rows) {
  const lines = rows.map(({ name, unit, values, ratios, notes }) => [
    notes === undefined ? name : `${name} (${notes})`,
    Object.entries(values)
      .map(([who, value]) => `${who} ${digits(value)} ${unit}`)
      .join(', '),
    ratios.map((ratio) => `${ratio.name}: ${digits(ratio.value)}${bar(ratio)}`).join('; '),
  ]);
  return [['what', 'medians', 'ratios'], ['---', '---', '---'], ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** @param {Ratio} ratio */
function bar(ratio) {
  const good = reached(ratio);
  if (good === undefined) return '';
  const { least, most } = ratio;
  return ` (${good ? '' : 'not '}${least === undefined ? `at most ${most}` : `at least ${least}`})`;
}
