import type { Plan } from '@mft/graph';
import { nodeOf } from './draft.js';
import type { UndoTask } from './pile.js';

/*
 * Where the steps of a plan lie: what the order of undoing must know of the graph.
 */

interface Open {
  readonly opener: string;
  readonly join: string | undefined;
  /** Adds a number to the index paths of the tasks in it. */
  readonly indexed: boolean;
}

const known = new WeakMap<Plan, ReadonlyMap<string, readonly string[]>>();

/**
 * Of every step the foreach and parallel steps around it, outermost first: one for each number of its tasks' index paths.
 *
 * @example
 * ```ts
 * openersOf(plan).get('train'); // ['start']
 * ```
 */
export function openersOf(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const found = known.get(plan);
  if (found !== undefined) return found;
  const openers = new Map<string, readonly string[]>();
  const visit = (name: string, frames: readonly Open[]): void => {
    const open = frames.at(-1)?.join === name ? frames.slice(0, -1) : frames;
    if (openers.has(name)) return;
    openers.set(
      name,
      open.filter(({ indexed }) => indexed).map(({ opener }) => opener),
    );
    const { type, next, join } = nodeOf(plan, name);
    const indexed = type === 'foreach' || type === 'parallel';
    const inner = indexed || type === 'split' ? [...open, { opener: name, join, indexed }] : open;
    for (const step of next) visit(step, inner);
  };
  visit(plan.graph.start, []);
  known.set(plan, openers);
  return openers;
}

/** Whether anything in the body of a foreach has a handler. */
export function canUndoBody(plan: Plan, opener: string): boolean {
  return [...openersOf(plan)].some(
    ([step, around]) => around.includes(opener) && plan.policies[step]?.compensate !== undefined,
  );
}

/**
 * Whether two tasks may be undone side by side: they lie in one and the same foreach, at different indices of it, so that neither can
 * have led to the other.
 */
export function beside(plan: Plan, one: UndoTask, other: UndoTask): boolean {
  const at = one.index.findIndex((number, i) => i < other.index.length && number !== other.index[i]);
  if (at < 0) {
    // Tasks of one control task.
    const siblings = one.taskId !== undefined && other.taskId !== undefined;
    return siblings && one.step === other.step && one.index.length === other.index.length;
  }
  const openers = openersOf(plan);
  const around = openers.get(one.step)?.[at];
  return around !== undefined && around === openers.get(other.step)?.[at];
}
