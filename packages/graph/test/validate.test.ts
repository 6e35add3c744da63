import { describe, expect, test } from 'vitest';
import { graphProblems, validateGraph } from '../src/index.js';
import type { FlowGraph } from '../src/index.js';
import { choose, end, foreach, graphOf, join, linear, split, wild } from './support/graphs.js';

describe('a sound graph', () => {
  test.each<[string, FlowGraph]>([
    ['of every shape', wild],
    ['of one step', graphOf('OneFlow', end('only'))],
    ['whose edges have other names', graphOf('NamedFlow', linear('first', 'last'), end('last'))],
    [
      'with a foreach in a foreach',
      graphOf(
        'NestedFlow',
        foreach('start', 'row', 'rows'),
        foreach('row', 'cell', 'cells'),
        linear('cell', 'cells'),
        join('cells', 'rows'),
        join('rows', 'end'),
        end(),
      ),
    ],
    ['that begins with a loop', graphOf('LoopFlow', choose('start', { again: 'start', done: 'end' }), end())],
  ])('%s has no problems', (_, graph) => {
    expect(graphProblems(graph)).toEqual([]);
    expect(() => validateGraph(graph)).not.toThrow();
  });
});

describe('V1: edges', () => {
  test('a step that does not exist', () => {
    const graph = graphOf('F', linear('start', 'nowhere'), end());
    expect(graphProblems(graph)).toEqual(['step "start" goes to "nowhere", which does not exist']);
  });

  test('a start and an end that do not exist', () => {
    expect(graphProblems({ ...graphOf('F', end()), start: 'a', end: 'b' })).toEqual([
      'its start step "a" does not exist',
      'its end step "b" does not exist',
      'step "end" ends the flow, but its end step is "b"',
    ]);
  });

  test('a linear step with two targets, a split with one', () => {
    const graph = graphOf(
      'F',
      { ...linear('start', 'a'), next: ['a', 'end'] },
      { ...split('a', ['end'], 'end') },
      end(),
    );
    expect(graphProblems(graph)).toEqual([
      'step "start" is of type linear and goes to 2 steps',
      'step "a" is of type split and goes to 1 steps',
      'what step "a" opens is closed by no join',
    ]);
  });

  test('a name that differs from its key, a target named twice', () => {
    const graph: FlowGraph = {
      ...graphOf('F', split('start', ['a', 'a'], 'j'), linear('a', 'j'), join('j', 'end'), end()),
    };
    const renamed = { ...graph, nodes: { ...graph.nodes, a: { ...graph.nodes['a']!, name: 'b' } } };
    expect(graphProblems(renamed)).toEqual(['step "start" goes to the same step twice', 'step "a" calls itself "b"']);
  });

  test('a case that names a step the switch does not go to', () => {
    const graph = graphOf('F', { ...choose('start', { x: 'end' }), cases: { x: 'end', y: 'a' } }, end());
    expect(graphProblems(graph)).toEqual(['a case of step "start" names "a", which it does not go to']);
  });

  test('steps that nothing leads to', () => {
    const graph = graphOf('F', linear('start', 'end'), linear('lost', 'end'), end());
    expect(graphProblems(graph)).toEqual(['step "lost" cannot be reached']);
  });

  test('a step named like a property of every object is unknown too', () => {
    expect(graphProblems(graphOf('F', linear('start', 'constructor'), end()))).toEqual([
      'step "start" goes to "constructor", which does not exist',
    ]);
  });
});

describe('V2: frames', () => {
  test('the end inside a split', () => {
    const graph = graphOf(
      'F',
      split('start', ['a', 'b'], 'j'),
      linear('a', 'end'),
      linear('b', 'j'),
      join('j', 'end'),
      end(),
    );
    expect(graphProblems(graph)).toContain('the end is reached inside what "start" opened');
    expect(graphProblems(graph)).toContain('branch "a" of step "start" never arrives at join "j"');
  });

  test('a join that closes nothing', () => {
    expect(graphProblems(graphOf('F', linear('start', 'j'), join('j', 'end'), end()))).toContain(
      'join "j" closes nothing',
    );
  });

  test('a join of the wrong opener', () => {
    const graph = graphOf(
      'F',
      foreach('start', 'row', 'outer'),
      foreach('row', 'cell', 'inner'),
      linear('cell', 'outer'),
      join('outer', 'inner'),
      join('inner', 'end'),
      end(),
    );
    expect(graphProblems(graph)).toContain('join "outer" is reached from inside what "row" opened');
  });
});

test('V3: branches of a split that meet without a join', () => {
  const graph = graphOf(
    'F',
    split('start', ['a', 'b'], 'j'),
    linear('a', 'c'),
    linear('b', 'c'),
    linear('c', 'j'),
    join('j', 'end'),
    end(),
  );
  expect(graphProblems(graph)).toContain('step "c" is reached from different branches without a join');
});

describe('V4: loops', () => {
  test('back to an earlier step', () => {
    const graph = graphOf('F', linear('start', 'b'), choose('b', { back: 'start', on: 'end' }), end());
    expect(graphProblems(graph)).toContain('step "start" is reached again by a loop');
  });

  test('without a way out', () => {
    const graph = graphOf('F', choose('start', { again: 'start' }), end());
    expect(graphProblems(graph)).toContain('step "start" never reaches the end');
  });
});

test('validateGraph names the first problem and counts the others', () => {
  const graph = graphOf('F', linear('start', 'x'), linear('a', 'y'), end());
  expect(() => validateGraph(graph)).toThrow(
    expect.objectContaining({
      code: 'INVALID_GRAPH',
      message: 'The graph of F is not sound: step "start" goes to "x", which does not exist (and 1 more).',
    }),
  );
});
