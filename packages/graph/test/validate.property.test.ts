import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { graphProblems, toDot, toMermaid } from '../src/index.js';
import type { FlowGraph, FlowNode } from '../src/index.js';
import { soundGraph } from './support/random.js';

const withNode = (graph: FlowGraph, node: FlowNode): FlowGraph => ({
  ...graph,
  nodes: { ...graph.nodes, [node.name]: node },
});

test('random nested graphs are sound', () => {
  fc.assert(
    fc.property(soundGraph, (graph) => {
      expect(graphProblems(graph)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a graph that lost a step is refused', () => {
  fc.assert(
    fc.property(soundGraph, fc.nat(), (graph, seed) => {
      const names = Object.keys(graph.nodes);
      const lost = names[seed % names.length]!;
      const { [lost]: _, ...nodes } = graph.nodes;
      expect(graphProblems({ ...graph, nodes })).not.toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a graph in which a branch leaves its frame for the end is refused', () => {
  fc.assert(
    fc.property(soundGraph, fc.nat(), (graph, seed) => {
      const joins = new Set(Object.values(graph.nodes).map((node) => node.join));
      const last = Object.values(graph.nodes).filter((node) => node.type === 'linear' && joins.has(node.next[0]));
      fc.pre(last.length > 0);
      const escaping = { ...last[seed % last.length]!, next: [graph.end] };
      expect(graphProblems(withNode(graph, escaping))).not.toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a graph in which a step leads back is refused', () => {
  fc.assert(
    fc.property(soundGraph, fc.nat(), (graph, seed) => {
      const linear = Object.values(graph.nodes).filter((node) => node.type === 'linear');
      fc.pre(linear.length > 0);
      const back = { ...linear[seed % linear.length]!, next: [graph.start] };
      expect(graphProblems(withNode(graph, back))).not.toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('drawings hold every step and every edge', () => {
  fc.assert(
    fc.property(soundGraph, (graph) => {
      const edges = Object.values(graph.nodes).flatMap((node) => node.next).length;
      expect(toMermaid(graph).match(/-->/g) ?? []).toHaveLength(edges);
      expect(toDot(graph).match(/ -> /g) ?? []).toHaveLength(edges);
      for (const name of Object.keys(graph.nodes)) expect(toMermaid(graph)).toContain(`  s_${name}`);
    }),
  );
});
