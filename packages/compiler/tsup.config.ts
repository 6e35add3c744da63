import { writeFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.js';

export default defineConfig({
  ...base,
  entry: ['src/index.ts'],
  // The published schema is written out of the one that checks, so that they cannot differ.
  onSuccess: async () => {
    const { flowConfigSchema } = (await import(new URL('dist/index.js', import.meta.url).href)) as {
      flowConfigSchema: unknown;
    };
    await writeFile(
      new URL('dist/flow-config.schema.json', import.meta.url),
      JSON.stringify(flowConfigSchema, null, 2) + '\n',
    );
  },
});
