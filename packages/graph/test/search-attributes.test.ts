import { expect, test } from 'vitest';
import { searchAttributesOf } from '../src/index.js';

const run = { runId: 'temporal-x', tags: ['a', 'b'] };

test('only what the namespace has is shown', () => {
  expect(searchAttributesOf({ values: {} }, run)).toEqual({});
  expect(searchAttributesOf({ values: { flow: 'F', user: 'u' }, runId: true, tags: true }, run)).toEqual({
    ...{ MetaflowFlow: 'F', MetaflowUser: 'u', MetaflowRunId: 'temporal-x' },
    MetaflowTags: ['a', 'b'],
  });
});

test('what a server would refuse is left out: tags all or not at all', () => {
  const shown = { values: { flow: 'F'.repeat(256), branch: 'ö'.repeat(128) }, tags: true } as const;
  expect(searchAttributesOf(shown, { runId: 'r', tags: ['short', 'x'.repeat(256)] })).toEqual({});
  expect(searchAttributesOf({ values: { branch: 'ö'.repeat(127) } }, run)).toEqual({ MetaflowBranch: 'ö'.repeat(127) });
  const many = Array.from({ length: 20 }, (_, i) => `${String(i)}${'y'.repeat(100)}`);
  expect(searchAttributesOf({ values: {}, tags: true }, { runId: 'r', tags: many })).toEqual({});
  expect(searchAttributesOf({ values: {}, tags: true }, { runId: 'r', tags: many.slice(0, 10) })).toEqual({
    MetaflowTags: many.slice(0, 10),
  });
  expect(searchAttributesOf({ values: {}, tags: true }, { runId: 'r', tags: [] })).toEqual({});
});
