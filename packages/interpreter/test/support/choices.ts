import { taskIdOf, type FlowNode, type Plan, type TaskCoordinates, type Transition } from '@mft/graph';

/** What the steps of a run decide, by their coordinates alone, so that the order in which they end cannot matter. */
export type Choose = (node: FlowNode, task: TaskCoordinates) => Transition;

/** Reproducible choices. Foreaches are up to `width` wide; a loop leaves itself after at most four rounds. */
export function choicesFrom(seed: number, width: number): Choose {
  return (node, task) => {
    const value = hash(`${seed}/${taskIdOf(task)}`);
    if (node.type === 'foreach') return { splits: 1 + (value % width) };
    if (node.type !== 'switch') return {};
    const next = task.visit < 4 ? node.next : node.next.filter((step) => step !== node.name);
    return { branch: next[value % next.length]! };
  };
}

/** The transition of a task, that of a control task of a parallel step among them. */
export function transitionOf(
  plan: Plan,
  choose: Choose,
  task: TaskCoordinates & { readonly parallel?: 'control' },
): Transition {
  if (task.parallel === undefined) return choose(plan.graph.nodes[task.step]!, task);
  return { mappers: mappersOf(task) };
}

export function mappersOf(task: TaskCoordinates): string[] {
  const id = taskIdOf(task);
  return [id, `${id}_node_1`, `${id}_node_2`];
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
  return (h ^ (h >>> 12)) >>> 0;
}
