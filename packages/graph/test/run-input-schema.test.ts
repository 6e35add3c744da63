import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { RUN_INPUT_SCHEMA } from '../src/index.js';
import type { RunInput } from '../src/index.js';

const valid = new Ajv2020().compile(RUN_INPUT_SCHEMA);

test.each<[RunInput]>([
  [{}],
  [{ params: { greeting: 'hi', data: { a: [1] } } }],
  [{ tags: ['a', 'b'], timeout: 0.5, hash: 'a'.repeat(64) }],
  [{ maxNumSplits: 1 }],
  [{ compensate: {} }],
  [{ resume: { origin: 'temporal-x' }, compensate: { parallel: 4, cloned: true } }],
  [{ triggers: [{ type: 'event', name: 'data_ready', id: '1', timestamp: 1_700_000_000, payload: { a: 1 } }] }],
])('%o is the input of a run', (input) => {
  expect(valid(input)).toBe(true);
});

test.each([
  [{ parameters: {} }],
  [{ params: [] }],
  [{ tags: 'a' }],
  [{ timeout: 0 }],
  [{ maxNumSplits: 0 }],
  [{ maxNumSplits: 1.5 }],
  [{ hash: 'latest' }],
  [{ compensate: { parallel: 0 } }],
  [{ compensate: { lanes: 2 } }],
  [{ triggers: [{ type: 'event', name: 'data_ready', id: '1' }] }],
  [{ triggers: [{ type: 'cron', name: 'n', id: '1', timestamp: 1 }] }],
  [null],
])('%o is not', (input) => {
  expect(valid(input)).toBe(false);
});
