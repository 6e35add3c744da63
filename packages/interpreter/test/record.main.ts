import { expect, test } from 'vitest';
import { record } from './support/record.js';

// Not a test but a script, run by vitest because it shares the tests' TypeScript.
test('record histories', async () => {
  const files = await record();
  process.stdout.write(`${files.join('\n')}\n`);
  expect(files.length).toBeGreaterThan(0);
});
