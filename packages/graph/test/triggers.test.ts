import { describe, expect, test } from 'vitest';
import { finishNames, parametersOf } from '../src/index.js';

describe('parameters of an event', () => {
  const source = {
    type: 'event',
    name: 'e',
    parameters: { alpha: 'a', 'with-dash': 'with_dash', Beta: 'Beta' },
  } as const;

  test('are the fields that are mapped, of any type; the others stay behind', () => {
    expect(parametersOf(source, { a: [1], with_dash: 'x', other: 3 })).toEqual({ alpha: [1], 'with-dash': 'x' });
  });

  test('that are null or missing are not given', () => {
    expect(parametersOf(source, { a: null, Beta: 0 })).toEqual({ Beta: 0 });
  });

  test('are found by another case and with dashes, where one field alone is meant', () => {
    expect(parametersOf(source, { A: 1, beta: 2, 'WITH-dash': 3 })).toEqual({ alpha: 1, Beta: 2, 'with-dash': 3 });
    expect(parametersOf(source, { BETA: 1, beta: 2, a: 3, A: 4 })).toEqual({ alpha: 3 });
  });

  test('of an event without mapping are none', () => {
    expect(parametersOf({ type: 'run', name: 'e' }, { a: 1 })).toEqual({});
  });
});

test('a completed run has the name that @trigger_on_finish waits for, and that of its last step', () => {
  expect(finishNames('shop.prod.TrainFlow', 'end')).toEqual(['metaflow.shop.prod.TrainFlow.end']);
  expect(finishNames('TrainFlow', 'last')).toEqual(['metaflow.TrainFlow.end', 'metaflow.TrainFlow.last']);
});
