import type { FlowGraph, FlowNode } from './graph.js';

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}

/** Edges with what makes each be taken: the cases of a switch, the artifact of a foreach. */
function edges(graph: FlowGraph): Edge[] {
  return Object.values(graph.nodes).flatMap((node) => node.next.map((to) => labelled(node, to)));
}

function labelled(node: FlowNode, to: string): Edge {
  const from = node.name;
  if (node.type === 'switch') {
    const cases = Object.entries(node.cases ?? {}).filter(([, target]) => target === to);
    return cases.length === 0 ? { from, to } : { from, to, label: cases.map(([name]) => name).join(', ') };
  }
  if (node.type === 'foreach')
    return { from, to, label: node.foreachVar === undefined ? 'for each' : `each of ${node.foreachVar}` };
  if (node.type === 'parallel') return { from, to, label: 'in parallel' };
  return { from, to };
}

function caption(node: FlowNode): string {
  return node.type === 'switch' && node.condition !== undefined ? `${node.name}: ${node.condition}?` : node.name;
}

const MERMAID_SHAPES: Readonly<Record<FlowNode['type'], readonly [string, string]>> = {
  linear: ['[', ']'],
  split: ['[', ']'],
  foreach: ['[[', ']]'],
  parallel: ['[[', ']]'],
  switch: ['{', '}'],
  join: ['[/', '\\]'],
  end: ['([', '])'],
};

/**
 * Draw a graph as a Mermaid flowchart. Cases of a switch and the artifact of a foreach label their edges.
 *
 * @example
 * ```ts
 * console.log(toMermaid(config.plan.graph)); // flowchart TD …
 * ```
 */
export function toMermaid(graph: FlowGraph): string {
  // A step may be called `end`, which Mermaid reserves: ids get a prefix.
  const text = (value: string): string =>
    `"${value.replaceAll('&', '#amp;').replaceAll('"', '#quot;').replaceAll('<', '#lt;')}"`;
  const lines = ['flowchart TD'];
  for (const node of Object.values(graph.nodes)) {
    const [open, close] = node.name === graph.start ? MERMAID_SHAPES.end : MERMAID_SHAPES[node.type];
    const [left, right] = node.type === 'switch' ? MERMAID_SHAPES.switch : [open, close];
    lines.push(`  s_${node.name}${left}${text(caption(node))}${right}`);
  }
  for (const { from, to, label } of edges(graph)) {
    lines.push(`  s_${from} -->${label === undefined ? '' : `|${text(label)}|`} s_${to}`);
  }
  return lines.join('\n') + '\n';
}

const DOT_SHAPES: Readonly<Record<FlowNode['type'], string>> = {
  linear: 'box',
  split: 'box',
  foreach: 'box3d',
  parallel: 'box3d',
  switch: 'diamond',
  join: 'invtrapezium',
  end: 'oval',
};

/**
 * Draw a graph in Graphviz's language.
 *
 * @example
 * ```ts
 * await writeFile('flow.dot', toDot(config.plan.graph)); // dot -Tsvg flow.dot > flow.svg
 * ```
 */
export function toDot(graph: FlowGraph): string {
  const text = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = [`digraph ${text(graph.name)} {`, '  node [fontname="Helvetica"];', '  edge [fontname="Helvetica"];'];
  for (const node of Object.values(graph.nodes)) {
    const shape = node.name === graph.start && node.type !== 'switch' ? 'oval' : DOT_SHAPES[node.type];
    lines.push(`  ${text(node.name)} [label=${text(caption(node))}, shape=${shape}];`);
  }
  for (const { from, to, label } of edges(graph)) {
    lines.push(`  ${text(from)} -> ${text(to)}${label === undefined ? '' : ` [label=${text(label)}]`};`);
  }
  return [...lines, '}', ''].join('\n');
}
