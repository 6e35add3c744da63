import type { FlowNode, Plan, StepProgress, TaskCoordinates } from '@mft/graph';
import { withLog } from './earlier.js';
import type { Command } from './events.js';
import type { EngineState, Frame } from './state.js';

/** A state while events are applied to it: a copy of two levels, whose inner values are replaced and never changed. */
export type Draft = {
  -readonly [K in keyof EngineState]: K extends 'log'
    ? EngineState[K]
    : EngineState[K] extends readonly (infer T)[]
      ? T[]
      : EngineState[K] extends Readonly<Record<string, infer T>>
        ? K extends 'frames' | 'running' | 'children' | 'steps'
          ? Record<string, T>
          : EngineState[K]
        : EngineState[K];
};

/** What the small functions of the engine work on. */
export interface Work {
  readonly plan: Plan;
  readonly draft: Draft;
  readonly commands: Command[];
  /** Time of the event, milliseconds. */
  readonly at: number;
}

/**
 * A copy that may be changed. Copying `running` costs more than most events do (of 50 keys tens of microseconds), so the workflow makes
 * one copy, not one for each event.
 */
export function draftOf(state: EngineState): Draft {
  return {
    ...withLog(state),
    frames: { ...state.frames },
    ready: [...state.ready],
    wide: [...state.wide],
    running: { ...state.running },
    children: { ...state.children },
    steps: { ...state.steps },
  };
}

/** The node of a step. @throws Error when the plan has no such step: a defect, since plans are validated when compiled. */
export function nodeOf(plan: Plan, step: string): FlowNode {
  const node = plan.graph.nodes[step];
  if (node === undefined) throw new Error(`The plan of ${plan.graph.name} has no step ${JSON.stringify(step)}.`);
  return node;
}

/** The step that a linear step goes to, or the first one of a foreach's or parallel's body. @throws Error as {@link nodeOf} */
export function nextOf(node: FlowNode): string {
  const [next] = node.next;
  if (next === undefined) throw new Error(`Step ${node.name} of the plan leads nowhere.`);
  return next;
}

/** An open frame. @throws Error when it is not open: a defect */
export function frameOf(draft: Draft, id: number): Frame {
  const frame = draft.frames[id];
  if (frame === undefined) throw new Error(`Frame ${id} is not open.`);
  return frame;
}

/** Takes a key out of one of a draft's own records. */
export function drop(record: Record<string, unknown>, key: string | number): void {
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the state is plain JSON, not a Map, and a copy would cost more
  delete record[key];
}

/** Coordinates alone, of anything that has them. */
export function coordinatesOf({ step, index, visit }: TaskCoordinates): TaskCoordinates {
  return { step, index, visit };
}

/** Activities, children and the like that will still answer. */
export function inFlight(state: EngineState): number {
  return (
    Object.keys(state.running).length +
    Object.keys(state.children).length +
    state.saga.running.length +
    (state.undoing?.block === undefined ? 0 : 1) +
    (state.starting ? 1 : 0)
  );
}

/** Adds to the counts of a step. */
export function count(
  work: Work,
  step: string,
  change: Partial<Record<'total' | 'running' | 'done' | 'failed', number>>,
) {
  const { draft, at } = work;
  const old: StepProgress = draft.steps[step] ?? { total: 0, running: 0, done: 0, failed: 0 };
  const next: StepProgress = {
    ...old,
    total: old.total + (change.total ?? 0),
    running: old.running + (change.running ?? 0),
    done: old.done + (change.done ?? 0),
    failed: old.failed + (change.failed ?? 0),
  };
  if ((change.running ?? 0) > 0) next.started ??= at;
  if ((change.running ?? 0) < 0) next.ended = at;
  draft.steps[step] = next;
}

/** Adds the counts of a child that ended. */
export function addCounts(work: Work, steps: Readonly<Record<string, StepProgress>>): void {
  for (const [step, more] of Object.entries(steps)) {
    const old = work.draft.steps[step] ?? { total: 0, running: 0, done: 0, failed: 0 };
    const next: StepProgress = {
      ...old,
      total: old.total + more.total,
      running: old.running + more.running,
      done: old.done + more.done,
      failed: old.failed + more.failed,
    };
    const started = least(old.started, more.started, Math.min);
    const ended = least(old.ended, more.ended, Math.max);
    if (started !== undefined) next.started = started;
    if (ended !== undefined) next.ended = ended;
    work.draft.steps[step] = next;
  }
}

function least(a: number | undefined, b: number | undefined, pick: (a: number, b: number) => number) {
  return a === undefined ? b : b === undefined ? a : pick(a, b);
}
