import { expect, test } from 'vitest';
import { record } from './support/record.js';

// Not a test but a script, run by vitest because it shares the tests' TypeScript.
test('record histories', async () => {
  // `MFT_RECORD=name,name`: only these scenarios, so that histories of earlier code stay as they are.
  const only = process.env['MFT_RECORD']?.split(',');
  const files = await record(only === undefined ? undefined : (name) => only.includes(name));
  process.stdout.write(`${files.join('\n')}\n`);
  expect(files.length).toBeGreaterThan(0);
});
