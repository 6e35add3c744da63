import { defineConfig } from 'vitest/config';

/** Tests of the repository itself: no server, no Python. */
export default defineConfig({ test: { include: ['*.test.ts'], testTimeout: 120_000 } });
