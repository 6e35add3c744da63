/**
 * Seconds that each contender took, round by round.
 *
 * @typedef {Readonly<Record<string, number[]>>} Samples
 */

/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return (sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2) ?? NaN;
}

/**
 * @param {Samples} samples
 * @param {string} name
 */
export const medianOf = (samples, name) => median(samples[name] ?? []);

/**
 * The median of what two contenders' times are to each other, each pair of one round: a slow minute falls on both.
 *
 * @param {Samples} samples
 * @param {string} above
 * @param {string} below
 */
export function ratioOf(samples, above, below) {
  const others = samples[below] ?? [];
  return median((samples[above] ?? []).map((seconds, round) => seconds / (others[round] ?? NaN)));
}

/**
 * Runs several programs in turn, round after round.
 *
 * @param {Record<string, () => Promise<number>>} contenders - each gives its seconds
 * @param {number} rounds
 * @param {(name: string, seconds: number) => void} each
 * @returns {Promise<Samples>}
 */
export async function inTurn(contenders, rounds, each) {
  const all = Object.entries(contenders);
  /** @type {Record<string, number[]>} */
  const samples = Object.fromEntries(all.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Who begins changes, or one of them would always follow the same other.
    const order = [...all.slice(round % all.length), ...all.slice(0, round % all.length)];
    for (const [name, run] of order) {
      const seconds = await run();
      samples[name]?.push(seconds);
      each(name, seconds);
    }
  }
  return samples;
}
