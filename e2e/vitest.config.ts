import { defineConfig } from 'vitest/config';

/*
 * Two files run at a time, each with a Temporal server of its own: most of the time one process starts, and the other core is idle. Where
 * a file's own tests run at the same time (equivalence), two do. Against a server that somebody else started: one file after the other.
 */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    maxWorkers: mode === 'integration' ? 1 : 2,
    maxConcurrency: 2,
  },
}));
