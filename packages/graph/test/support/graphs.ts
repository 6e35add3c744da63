import type { FlowGraph, FlowNode } from '../../src/index.js';

/** A graph from nodes in order; the first starts it, the last ends it. */
export function graphOf(name: string, ...nodes: FlowNode[]): FlowGraph {
  return {
    name,
    start: nodes[0]!.name,
    end: nodes.at(-1)!.name,
    nodes: Object.fromEntries(nodes.map((node) => [node.name, node])),
  };
}

export const linear = (name: string, next: string): FlowNode => ({ name, type: 'linear', next: [next] });
export const split = (name: string, next: string[], join: string): FlowNode => ({ name, type: 'split', next, join });
export const join = (name: string, next: string): FlowNode => ({ name, type: 'join', next: [next] });
export const foreach = (name: string, next: string, closing: string, foreachVar = 'items'): FlowNode => ({
  name,
  type: 'foreach',
  next: [next],
  join: closing,
  foreachVar,
});
export const choose = (name: string, cases: Record<string, string>, condition = 'which'): FlowNode => ({
  name,
  type: 'switch',
  next: [...new Set(Object.values(cases))],
  cases,
  condition,
});
export const end = (name = 'end'): FlowNode => ({ name, type: 'end', next: [] });

/** A split, in one branch a foreach, in the other a switch that merges; then a switch that loops. */
export const wild = graphOf(
  'WildFlow',
  split('start', ['left', 'right'], 'both'),
  foreach('left', 'cell', 'cells'),
  linear('cell', 'cells'),
  join('cells', 'both'),
  choose('right', { hot: 'warm', cold: 'cool' }),
  linear('warm', 'merged'),
  linear('cool', 'merged'),
  linear('merged', 'both'),
  join('both', 'loop'),
  choose('loop', { again: 'loop', done: 'end' }),
  end(),
);
