import { searchAttributesOf, type SearchAttributeValues } from '@mft/graph';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { RunFacts } from './input.js';

/**
 * Shows what a run is by search attributes: one command, with the run's first activity, and none where the namespace has no attribute of
 * ours. The run does so itself, rather than who starts it: schedules, events and any Temporal client get them alike, and a start never
 * fails for an attribute that is not registered.
 */
export function showAttributes(
  shown: SearchAttributeValues | undefined,
  facts: Pick<RunFacts, 'runId' | 'tags'>,
): void {
  if (shown === undefined) return;
  const found = Object.entries(searchAttributesOf(shown, facts));
  if (found.length === 0) return;
  upsertSearchAttributes(
    found.map(([name, value]): SearchAttributeUpdatePair =>
      typeof value === 'string'
        ? { key: { name, type: 'KEYWORD' }, value }
        : { key: { name, type: 'KEYWORD_LIST' }, value: [...value] },
    ),
  );
}
