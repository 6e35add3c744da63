import * as fc from 'fast-check';
import type { FlowGraph, FlowNode } from '../../src/index.js';

type Block =
  | { readonly kind: 'step' }
  | { readonly kind: 'loop' }
  | { readonly kind: 'foreach' | 'parallel'; readonly body: readonly Block[] }
  | { readonly kind: 'split' | 'switch'; readonly branches: readonly (readonly Block[])[] };

const { blocks } = fc.letrec<{ block: Block; blocks: Block[] }>((tie) => ({
  blocks: fc.array(tie('block'), { minLength: 1, maxLength: 3 }),
  block: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('step' as const) }),
    fc.record({ kind: fc.constant('loop' as const) }),
    fc.record({ kind: fc.constantFrom('foreach' as const, 'parallel' as const), body: tie('blocks') }),
    fc.record({
      kind: fc.constantFrom('split' as const, 'switch' as const),
      branches: fc.array(tie('blocks'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

/** A sound graph out of nested blocks. */
function build(program: readonly Block[]): FlowGraph {
  const nodes: Record<string, FlowNode> = {};
  const fresh = (kind: string): string => `${kind}${Object.keys(nodes).length}`;
  // Built from the end backwards: each block knows where it goes on.
  const sequence = (parts: readonly Block[], next: string): string =>
    parts.reduceRight((after, part) => one(part, after), next);
  const one = (block: Block, next: string): string => {
    if (block.kind === 'step') return add({ name: fresh('step'), type: 'linear', next: [next] });
    if (block.kind === 'loop') {
      const name = fresh('loop');
      return add({ name, type: 'switch', next: [name, next], cases: { again: name, on: next }, condition: 'x' });
    }
    if (block.kind === 'switch') {
      const targets = block.branches.map((branch) => sequence(branch, next));
      const cases = Object.fromEntries(targets.map((target, i) => [`case${i}`, target]));
      return add({ name: fresh('switch'), type: 'switch', next: targets, cases, condition: 'x' });
    }
    const join = add({ name: fresh('join'), type: 'join', next: [next] });
    const targets = 'branches' in block ? block.branches.map((b) => sequence(b, join)) : [sequence(block.body, join)];
    return add({ name: fresh(block.kind), type: block.kind, next: targets, join });
  };
  const add = (node: FlowNode): string => {
    nodes[node.name] = node;
    return node.name;
  };
  const end = add({ name: 'end', type: 'end', next: [] });
  return { name: 'RandomFlow', start: sequence(program, end), end, nodes };
}

/** Sound graphs of every shape, nested. */
export const soundGraph: fc.Arbitrary<FlowGraph> = blocks.map(build);
