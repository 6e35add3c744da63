import { MftError } from './errors.js';
import type { FlowGraph, FlowNode } from './graph.js';

/*
 * Structural checks of a graph, for graphs that did not come from Metaflow (whose own checks run first otherwise).
 *
 * V1. Each step's `next` fits its type and names known steps; every step can be reached, and reaches the end.
 * V2. Frames nest: what a split or a foreach opens, exactly one join closes, and all branches arrive there.
 * V3. Wherever paths meet outside a join (after a switch), they stand in the same frames.
 * V4. The only loops are switches that go to themselves.
 */

interface Frame {
  readonly opener: string;
  readonly branch: string;
}

const ARITY: Readonly<Record<FlowNode['type'], readonly [number, number]>> = {
  linear: [1, 1],
  join: [1, 1],
  foreach: [1, 1],
  parallel: [1, 1],
  split: [2, Infinity],
  switch: [1, Infinity],
  end: [0, 0],
};

const opens = (node: FlowNode): boolean => node.type === 'split' || node.type === 'foreach' || node.type === 'parallel';

/**
 * Everything that is wrong with the structure of a graph, one sentence each; empty where it is sound.
 *
 * @example
 * ```ts
 * graphProblems(graph); // ['step "b" goes to "c", which does not exist']
 * ```
 */
export function graphProblems(graph: FlowGraph): string[] {
  const local = [
    ...edgeProblems(graph),
    ...Object.entries(graph.nodes).flatMap(([name, node]) => nodeProblems(graph, name, node)),
  ];
  // The walk below relies on known targets.
  return local.length > 0 ? local : [...walkProblems(graph), ...reachProblems(graph)];
}

/**
 * Check the structure of a graph.
 *
 * @throws MftError `INVALID_GRAPH`, naming the first problem and counting the others
 * @example
 * ```ts
 * validateGraph(JSON.parse(text) as FlowGraph);
 * ```
 */
export function validateGraph(graph: FlowGraph): void {
  const [first, ...others] = graphProblems(graph);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new MftError('INVALID_GRAPH', `The graph of ${graph.name} is not sound: ${first}${more}.`, {
    hint: `Mend the flow, then look again: mft graph FLOW.py`,
  });
}

function edgeProblems(graph: FlowGraph): string[] {
  const problems: string[] = [];
  if (!Object.hasOwn(graph.nodes, graph.start)) problems.push(`its start step "${graph.start}" does not exist`);
  const end = Object.hasOwn(graph.nodes, graph.end) ? graph.nodes[graph.end] : undefined;
  if (end === undefined) problems.push(`its end step "${graph.end}" does not exist`);
  else if (end.type !== 'end') problems.push(`its end step "${graph.end}" is of type ${end.type}`);
  return problems;
}

function nodeProblems(graph: FlowGraph, name: string, node: FlowNode): string[] {
  const problems: string[] = [];
  if (node.name !== name) problems.push(`step "${name}" calls itself "${node.name}"`);
  const [least, most] = ARITY[node.type];
  if (node.next.length < least || node.next.length > most) {
    problems.push(`step "${name}" is of type ${node.type} and goes to ${node.next.length} steps`);
  }
  if (new Set(node.next).size !== node.next.length) problems.push(`step "${name}" goes to the same step twice`);
  for (const next of node.next) {
    if (!Object.hasOwn(graph.nodes, next)) problems.push(`step "${name}" goes to "${next}", which does not exist`);
  }
  if (node.type === 'end' && name !== graph.end)
    problems.push(`step "${name}" ends the flow, but its end step is "${graph.end}"`);
  if (opens(node)) {
    const join = node.join !== undefined && Object.hasOwn(graph.nodes, node.join) ? graph.nodes[node.join] : undefined;
    if (join?.type !== 'join') problems.push(`what step "${name}" opens is closed by no join`);
  }
  if (node.type === 'switch') {
    const targets = new Set(Object.values(node.cases ?? {}));
    for (const target of targets)
      if (!node.next.includes(target))
        problems.push(`a case of step "${name}" names "${target}", which it does not go to`);
  }
  return problems;
}

/** A step that is known to exist. */
function nodeOf(graph: FlowGraph, name: string): FlowNode {
  const node = graph.nodes[name];
  if (node === undefined) throw new TypeError(`There is no step ${name}.`);
  return node;
}

/** Walks every path with the frames it stands in; V2 to V4. */
function walkProblems(graph: FlowGraph): string[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  const arrived = new Map<string, Set<string>>();
  const path = new Set<string>();

  const visit = (name: string, frames: readonly Frame[]): void => {
    const node = nodeOf(graph, name);
    let inside = frames;
    if (node.type === 'join') {
      const frame = frames.at(-1);
      if (frame === undefined) return void problems.push(`join "${name}" closes nothing`);
      if (nodeOf(graph, frame.opener).join !== name)
        return void problems.push(`join "${name}" is reached from inside what "${frame.opener}" opened`);
      arrived.set(frame.opener, (arrived.get(frame.opener) ?? new Set()).add(frame.branch));
      inside = frames.slice(0, -1);
    }
    if (node.type === 'end' && inside.length > 0)
      return void problems.push(`the end is reached inside what "${inside.at(-1)?.opener ?? ''}" opened`);
    const where = JSON.stringify(inside);
    const before = seen.get(name);
    if (path.has(name)) return void problems.push(`step "${name}" is reached again by a loop`);
    if (before !== undefined) {
      if (before !== where) problems.push(`step "${name}" is reached from different branches without a join`);
      return;
    }
    seen.set(name, where);
    path.add(name);
    for (const next of node.next) {
      if (next === name && node.type === 'switch') continue;
      visit(next, opens(node) ? [...inside, { opener: name, branch: next }] : inside);
    }
    path.delete(name);
  };
  visit(graph.start, []);

  for (const [opener, branches] of arrived) {
    for (const branch of nodeOf(graph, opener).next) {
      if (!branches.has(branch))
        problems.push(`branch "${branch}" of step "${opener}" never arrives at join "${nodeOf(graph, opener).join}"`);
    }
  }
  return [...new Set(problems)];
}

function reachProblems(graph: FlowGraph): string[] {
  const forward = reach([graph.start], (name) => nodeOf(graph, name).next);
  const before = new Map<string, string[]>();
  for (const node of Object.values(graph.nodes))
    for (const next of node.next) before.set(next, [...(before.get(next) ?? []), node.name]);
  const backward = reach([graph.end], (name) => before.get(name) ?? []);
  const names = Object.keys(graph.nodes);
  return [
    ...names.filter((name) => !forward.has(name)).map((name) => `step "${name}" cannot be reached`),
    ...names
      .filter((name) => forward.has(name) && !backward.has(name))
      .map((name) => `step "${name}" never reaches the end`),
  ];
}

function reach(from: readonly string[], next: (name: string) => readonly string[]): Set<string> {
  const found = new Set(from);
  for (const name of found) for (const other of next(name)) found.add(other);
  return found;
}
