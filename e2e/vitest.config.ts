import { defineConfig } from 'vitest/config';

/*
 * Files run one after another: they share one Temporal server, and some measure how long things take. Where a file's own tests run at the
 * same time (equivalence), two do.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    maxConcurrency: 2,
  },
});
