import { defineConfig } from 'vitest/config';

// One file at a time: each has a Temporal server and Python processes of its own.
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
});
