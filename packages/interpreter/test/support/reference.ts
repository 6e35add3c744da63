import type { Plan, TaskCoordinates } from '@mft/graph';
import { mappersOf, type Choose } from './choices.js';

/** What one task of a run must get, spelt out. */
export interface Expected {
  readonly inputs: readonly string[];
  readonly splitIndex?: number;
  readonly joinType?: 'linear' | 'foreach';
  readonly control?: true;
}

const idOf = ({ step, index, visit }: TaskCoordinates) =>
  ['temporal', step, ...(index.length ? [index.join('_')] : []), visit].join('-');
const pathOf = (task: TaskCoordinates) => `${task.step}/${idOf(task)}`;

/**
 * What a run must do, written as one would explain it: by recursion, with no notion of tokens, windows or order in time.
 * Shares no code with the engine.
 */
export function expectedTasks(plan: Plan, choose: Choose): Map<string, Expected> {
  const tasks = new Map<string, Expected>();

  /** Runs a task and everything after it up to `until`, a join that it does not run; answers the last task before that. */
  const walk = (task: TaskCoordinates, expected: Expected, until: string | undefined): TaskCoordinates => {
    let at = task;
    let now = expected;
    for (;;) {
      if (tasks.has(idOf(at))) throw new Error(`${idOf(at)} twice`);
      tasks.set(idOf(at), now);
      const node = plan.graph.nodes[at.step]!;
      const { step, index, visit } = at;
      if (node.type === 'end') return at;
      if (node.type === 'split') {
        const ends = node.next.map((branch) =>
          walk({ step: branch, index, visit: 0 }, { inputs: [pathOf(at)] }, node.join),
        );
        at = { step: node.join!, index, visit: 0 };
        now = { inputs: ends.map(pathOf), joinType: 'linear' };
      } else if (node.type === 'foreach') {
        const inputs: string[] = [];
        for (let i = 0; i < choose(node, at).splits!; i += 1) {
          const first = { step: node.next[0]!, index: [...index, i], visit: 0 };
          inputs.push(pathOf(walk(first, { inputs: [pathOf(at)], splitIndex: i }, node.join)));
        }
        at = { step: node.join!, index, visit: 0 };
        now = { inputs, joinType: 'foreach' };
      } else if (node.type === 'parallel') {
        const control = { step: node.next[0]!, index: [...index, 0], visit: 0 };
        tasks.set(idOf(control), { inputs: [pathOf(at)], splitIndex: 0, control: true });
        at = { step: node.join!, index, visit: 0 };
        now = { inputs: mappersOf(control).map((id) => `${control.step}/${id}`), joinType: 'foreach' };
      } else {
        const next = node.type === 'switch' ? choose(node, at).branch! : node.next[0]!;
        if (next === until) return at;
        now = { inputs: [pathOf(at)] };
        at = { step: next, index, visit: next === step ? visit + 1 : 0 };
      }
    }
  };

  walk({ step: plan.graph.start, index: [], visit: 0 }, { inputs: ['_parameters/temporal-_parameters-0'] }, undefined);
  return tasks;
}
