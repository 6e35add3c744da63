import type { FlowNode, NodeType, Plan, StepPolicy } from '@mft/graph';

/** Draws a whole number in `0 … below - 1`. */
export type Draw = (below: number) => number;

/** A reproducible source of numbers (mulberry32). */
export function drawFrom(seed: number): Draw {
  let a = seed >>> 0;
  return (below) => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

/** A policy without retries, to be undone where asked for. */
export function policyOf(compensate?: string): StepPolicy {
  return {
    retry: { user: 0, error: 0, minutesBetween: 0, losses: 2 },
    ...(compensate === undefined
      ? {}
      : { compensate: { handler: compensate, retries: 0, minutesBetween: 0, timeout: 30 } }),
  };
}

/** A plan out of nodes written by hand: `[name, type, next, join?]`; the first one starts the flow, the last one ends it. */
export function planOf(...steps: readonly (readonly [string, NodeType, readonly string[], string?])[]): Plan {
  const nodes: Record<string, FlowNode> = {};
  for (const [name, type, next, join] of steps)
    nodes[name] = { name, type, next, ...(join === undefined ? {} : { join }) };
  const policies = Object.fromEntries(steps.map(([name]) => [name, policyOf()]));
  return { graph: { name: 'HandFlow', start: steps[0]![0], end: steps.at(-1)![0], nodes }, policies };
}

/**
 * A random plan: sequences of linear steps, splits, foreaches, parallels, switches and loops, nested in each other. A switch goes on at
 * any later point of the sequences around it, up to the join of its frame; a loop is a switch that may choose itself.
 */
export function randomPlan(draw: Draw): Plan {
  const nodes: Record<string, FlowNode> = {};
  const policies: Record<string, StepPolicy> = {};
  let names = 0;
  const add = (type: NodeType, next: readonly string[], join?: string, name = `s${names++}`): string => {
    nodes[name] = { name, type, next, ...(join === undefined ? {} : { join }) };
    policies[name] = policyOf(draw(3) === 0 ? `undo_${name}` : undefined);
    return name;
  };
  // Built from the end to the start: `later` are the steps at which a walk may go on, the next one first.
  const sequence = (later: readonly string[], depth: number, least: number): readonly string[] => {
    let entries = later;
    for (let left = least + draw(depth > 0 ? 3 : 2); left > 0; left -= 1) entries = [block(entries, depth), ...entries];
    return entries;
  };
  const block = (later: readonly string[], depth: number): string => {
    switch (depth > 0 ? draw(7) : 0) {
      case 1: {
        const join = add('join', [later[0]!]);
        const branches = Array.from({ length: 2 + draw(2) }, () => sequence([join], depth - 1, 1)[0]!);
        return add('split', branches, join);
      }
      case 2:
      case 3: {
        const join = add('join', [later[0]!]);
        return add('foreach', [sequence([join], depth - 1, 1)[0]!], join);
      }
      case 4: {
        const join = add('join', [later[0]!]);
        return add('parallel', [add('linear', [join])], join);
      }
      case 5:
      case 6: {
        const targets = new Set<string>();
        for (let left = 2 + draw(2); left > 0; left -= 1) {
          const rest = later.slice(draw(later.length));
          targets.add(draw(2) === 0 ? rest[0]! : sequence(rest, depth - 1, 1)[0]!);
        }
        const name = `s${names++}`;
        if (draw(3) === 0) targets.add(name);
        return add('switch', [...targets], undefined, name);
      }
      default:
        return add('linear', [later[0]!]);
    }
  };
  const end = add('end', [], undefined, 'end');
  const start = sequence([end], 3, 1)[0]!;
  return { graph: { name: 'RandomFlow', start, end, nodes }, policies };
}
