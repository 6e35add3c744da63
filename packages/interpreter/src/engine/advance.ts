import { FAILURE, PARAMETERS_STEP, taskIdOf, taskLabel, type Plan, type Transition } from '@mft/graph';
import { addCounts, coordinatesOf, count, draftOf, drop, type Work } from './draft.js';
import type { Command, EngineEvent } from './events.js';
import { launch } from './launch.js';
import { addBlock, addTask, logOf } from './log.js';
import { canUndoBody } from './scope.js';
import { settle } from './settle.js';
import type { EngineState, RunningChild, RunningTask } from './state.js';
import { stop } from './stop.js';
import { blockLost, blockUndone, taskUndone } from './undo.js';
import { arrive, follow, put } from './walk.js';

/*
 * The engine: a pure reducer from a state and an event to a state and commands.
 *
 * E1. A task starts exactly once, and after all of its inputs have completed.
 * E2. A join gets exactly its inputs: branches in the order of `self.next`, foreach by index, a parallel's as its control task says.
 * E3. Ids are computed from step, index path and visit, and are unique in a run, across children too.
 * E4. The state is plain JSON: turned into text and back at any point it goes on as if nothing had happened.
 * E5. Never more than `window` tasks and `childrenAtOnce` children are in flight in one workflow.
 * E6. A foreach run by children runs the same tasks with the same inputs as one that is not.
 * E7. Once an outcome is known that is not completion, nothing new starts, what is in flight is cancelled and waited for,
 *     and the first reason is the run's.
 * E8. Every run ends: exactly one `finish`, last, with nothing in flight.
 * E9. What completed and can be undone is undone exactly once, last completed first, if the run does not complete; a child's
 *     tasks as one block. What a child that was lost had completed is not known, which the report says.
 * E10. While held nothing starts; after `resume` the run goes on as if it had never been held.
 * E11. While suspended no task and no child starts, and the same holds in every child; what runs, compensation, cancel and deadline
 *      go on. After `unsuspend` the run goes on as if it had never been suspended.
 * E12. A task that was cloned from an earlier run is not this run's to undo, unless it was told so.
 * E13. A foreach that opens more tasks than `maxNumSplits` fails the run, and none of them starts; one that opens as many does not.
 * E14. An engine that keeps its state does what `advance` does, event for event, and changes none but its own.
 */

/** A state and what is to be done next. */
export interface Advance {
  readonly state: EngineState;
  readonly commands: readonly Command[];
}

/**
 * Applies one event.
 *
 * @throws Error for an event that cannot be, such as the end of a task that was never started: a defect of the caller
 * @example
 * ```ts
 * let { state, commands } = advance(plan, initialRun(), { type: 'begin', at: 0 }); // commands: [{ type: 'start' }]
 * ({ state, commands } = advance(plan, state, { type: 'started', at: 0 }));        // commands: [{ type: 'runTask', … }]
 * ```
 */
export function advance(plan: Plan, state: EngineState, event: EngineEvent): Advance {
  const engine = openEngine(plan, state);
  const commands = engine.apply(event);
  return { state: engine.state, commands };
}

/** The reducer with a state of its own, for whoever needs no state but the newest. */
export interface Engine {
  /** As it is now: it changes with each event. */
  readonly state: EngineState;
  /** As {@link advance}. After an error the state is of no use. */
  readonly apply: (event: EngineEvent) => readonly Command[];
}

/**
 * An engine that goes on from a state, which it copies once and never changes.
 *
 * @example
 * ```ts
 * const engine = openEngine(plan, initialRun());
 * engine.apply({ type: 'begin', at: 0 }); // [{ type: 'start' }]
 * engine.state.phase; // 'starting'
 * ```
 */
export function openEngine(plan: Plan, state: EngineState): Engine {
  const draft = draftOf(state);
  return {
    state: draft,
    apply: (event) => {
      const work: Work = { plan, draft, commands: [], at: event.at };
      apply(work, event);
      launch(work);
      settle(work);
      return work.commands;
    },
  };
}

function apply(work: Work, event: EngineEvent): void {
  const { plan, draft, commands } = work;
  switch (event.type) {
    case 'begin':
      draft.phase = draft.range ? 'running' : 'starting';
      draft.starting = !draft.range;
      if (draft.starting) commands.push({ type: 'start' });
      return;
    case 'started':
      draft.starting = false;
      draft.begun = true;
      if (draft.phase !== 'starting') return;
      draft.phase = 'running';
      put(work, {
        step: plan.graph.start,
        index: [],
        visit: 0,
        frame: null,
        slot: 0,
        inputs: [{ step: PARAMETERS_STEP, index: [], visit: 0 }],
      });
      return;
    case 'startFailed':
      draft.starting = false;
      draft.begun = event.begun;
      stop(work, { status: 'failed', error: event.error });
      return;
    case 'startCancelled':
      draft.starting = false;
      // It may have got far enough to register the run.
      draft.begun = true;
      stop(work, cancelled('The run was cancelled.'));
      return;
    case 'taskDone':
      taskDone(work, event);
      return;
    case 'taskFailed': {
      const task = takeTask(work, event.id);
      count(work, task.step, { running: -1, failed: 1 });
      stop(work, { status: 'failed', error: event.error });
      return;
    }
    case 'taskCancelled': {
      const task = takeTask(work, event.id);
      count(work, task.step, { running: -1 });
      stop(work, cancelledOutside(`Step ${taskLabel(task)}`));
      return;
    }
    case 'childDone':
      childDone(work, event);
      return;
    case 'childFailed':
      loseChild(work, event.id);
      stop(work, { status: 'failed', error: event.error });
      return;
    case 'childCancelled':
      takeChild(work, event.id);
      stop(work, cancelledOutside(`The child workflow ${event.id}`));
      return;
    case 'undo':
      if (draft.undoing !== undefined) draft.undoing = { ...draft.undoing, inChildren: event.inChildren };
      return;
    case 'undone':
      taskUndone(work, event.id, event.error);
      return;
    case 'blockUndone':
      blockUndone(work, event.id, event.report);
      return;
    case 'blockLost':
      blockLost(work, event.id);
      return;
    case 'cancel':
      stop(work, cancelled('The run was cancelled.'));
      return;
    case 'terminate':
      stop(work, { status: 'terminated', error: { type: FAILURE.terminated, message: event.message } });
      return;
    case 'deadline':
      stop(work, { status: 'failed', error: { type: FAILURE.timeout, message: event.message } });
      return;
    case 'hold':
      draft.held = true;
      return;
    case 'resume':
      draft.held = false;
      return;
    case 'suspend':
    case 'unsuspend':
      suspend(work, event.type === 'suspend');
      return;
  }
}

function suspend({ draft, commands }: Work, suspended: boolean): void {
  if ((draft.suspended ?? false) === suspended) return;
  draft.suspended = suspended;
  if (Object.keys(draft.children).length > 0) commands.push({ type: 'tellChildren', suspended });
}

function taskDone(work: Work, { id, transition, cloned }: Extract<EngineEvent, { type: 'taskDone' }>): void {
  const { plan, draft } = work;
  const task = takeTask(work, id);
  draft.done += 1;
  count(work, task.step, { running: -1, done: 1 });
  const ours = cloned !== true || draft.compensate?.cloned === true;
  if (ours && plan.policies[task.step]?.compensate !== undefined) record(work, task, transition);
  if (draft.phase === 'running') follow(work, task, transition);
}

function record({ draft }: Work, task: RunningTask, { mappers = [] }: Transition): void {
  const coordinates = coordinatesOf(task);
  const own = taskIdOf(task);
  const named = task.parallel === 'control' ? mappers : [];
  // They ended before the control task that started them.
  for (const taskId of named) if (taskId !== own) draft.log = addTask(draft.log, { ...coordinates, taskId });
  // One that only started others did nothing that could be undone.
  if (named.length === 0 || named.includes(own)) draft.log = addTask(draft.log, coordinates);
}

function childDone(work: Work, { id, report }: Extract<EngineEvent, { type: 'childDone' }>): void {
  const { draft } = work;
  const child = takeChild(work, id);
  draft.done += report.done;
  addCounts(work, report.steps);
  draft.log = addBlock(draft.log, id, logOf(report.saga));
  if (report.outcome.status === 'completed') {
    if (draft.phase === 'running') arrive(work, child.frame, report.ends);
  } else if (report.outcome.status === 'failed') {
    stop(work, report.outcome);
  } else {
    stop(work, cancelledOutside(`The child workflow ${id}`));
  }
}

function takeTask({ draft }: Work, id: string): RunningTask {
  const task = draft.running[id];
  if (task === undefined) throw new Error(`Task ${id} ended and was not running.`);
  drop(draft.running, id);
  return task;
}

function takeChild({ draft }: Work, id: string): RunningChild {
  const child = draft.children[id];
  if (child === undefined) throw new Error(`Child ${id} ended and was not running.`);
  drop(draft.children, id);
  return child;
}

/** A child ended without a report. */
function loseChild(work: Work, id: string): void {
  const { plan, draft } = work;
  const { opener } = takeChild(work, id);
  if (opener === undefined || canUndoBody(plan, opener)) draft.log = [...draft.log, { lost: id }];
}

function cancelled(message: string) {
  return { status: 'cancelled', error: { type: 'Cancelled', message } } as const;
}

/** Somebody cancelled a part of the run, which the whole cannot do without. */
function cancelledOutside(what: string) {
  return {
    status: 'failed',
    error: { type: 'Cancelled', message: `${what} was cancelled from outside of the run.` },
  } as const;
}
