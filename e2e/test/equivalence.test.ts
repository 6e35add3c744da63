import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparePair } from '../equivalence/pair.mjs';
import { flowsIn, writeRandomFlows } from '../equivalence/main.mjs';
import { EXAMPLES, FLOWS, useBench } from './support.js';

/** How many random flows; more of them: `node e2e/equivalence/main.mjs --random 100 --seed 1`. */
const RANDOM = Number(process.env.MFT_E2E_RANDOM ?? 6);
const SEED = Number(process.env.MFT_E2E_SEED ?? 1);

/** Flows that are a shape and nothing else: the random ones and Metaflow's own suite have the same. With `MFT_E2E_FULL=1` all run. */
const SHAPES = new Set([
  ...['linear', 'split_join', 'nested_split', 'foreach_linear', 'foreach_in_branch', 'switch_merge', 'switch_late'],
  ...['switch_in_branch', 'recursive_switch', 'fails_linear'],
]);
const written = flowsIn(FLOWS).filter((file) => process.env.MFT_E2E_FULL || !SHAPES.has(path.basename(file, '.py')));

const bench = useBench();
const random = writeRandomFlows(RANDOM, SEED, path.join(bench.directory, 'random'));

describe.each([
  ['written flow', written],
  ['example', flowsIn(EXAMPLES)],
  ['random flow', random],
])('%s', (_, files) => {
  it.concurrent.each(files.map((file) => [path.basename(file), file]))(
    '%s is the same under metaflow run and mft run',
    async (name, file) => {
      const directory = path.join(bench.directory, 'runs', name);
      const result = await comparePair(file, { directory, address: bench.address });
      rmSync(directory, { recursive: true, force: true });
      expect(result.differences).toEqual([]);
      expect(result.tasks).toBeGreaterThan(0);
    },
  );
});
