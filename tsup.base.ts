import type { Options } from 'tsup';

/** What every package builds with: ESM only, types beside it, Node 20 as the floor. */
export const base: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  dts: true,
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
};
