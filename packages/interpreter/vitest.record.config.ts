import { defineConfig } from 'vitest/config';

/** `npm run record`: writes the histories in `test/histories` anew. */
export default defineConfig({
  ssr: { resolve: { conditions: ['@mft/source'] } },
  test: { include: ['test/record.main.ts'], testTimeout: 120_000 },
});
