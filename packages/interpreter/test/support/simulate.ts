import { inputPaths, taskIdOf, type Plan } from '@mft/graph';
import { advance, inFlight, initialRange, initialRun, initialUndo, LIMITS } from '../../src/index.js';
import type { Command, EngineEvent, EngineState, Log, RangeReport, RunError } from '../../src/index.js';
import { openEngine, type Engine } from '../../src/engine/advance.js';
import { takeLast } from '../../src/engine/log.js';
import { transitionOf, type Choose } from './choices.js';
import type { Draw } from './graphs.js';
import type { Options, Trace } from './trace.js';
import { UndoJournal } from './undoing.js';

/*
 * A run without a server: everything in flight ends in a random order, children are engines of their own, and every workflow is
 * held and resumed now and then, as continue-as-new does.
 */

interface Flying {
  readonly workflow: Workflow;
  readonly command: Extract<Command, { type: 'start' | 'runTask' | 'startChild' | 'compensate' | 'undoBlock' }>;
  cancelled: boolean;
}

interface Workflow {
  readonly name: string;
  readonly parent?: Workflow;
  /** The block that it undoes. */
  readonly undoes?: string;
  readonly block?: readonly string[];
  state: EngineState;
  /** One that keeps its state, beside: it is to say the same. */
  engine?: Engine;
  cancelled: boolean;
  /** What completed in it, in order, what a child did as one. */
  readonly log: Done[];
}

type Done = string | readonly Done[];

const RUN = 'r';

/** Runs a plan to its end. */
export function simulate(plan: Plan, choose: Choose, draw: Draw, options: Options = {}): Trace {
  const limits = { ...LIMITS, ...options.limits };
  const started: Trace['started'] = new Map();
  const done = new Set<string>(['_parameters/temporal-_parameters-0']);
  const completed: string[] = [];
  const cloned = new Set<string>();
  let suspensions = 0;
  const home = new Map<string, string>();
  const parentOf = new Map<string, string>();
  const journal = new UndoJournal(options.compensate?.parallel ?? 1, started, home);
  const lost = new Map<string, readonly string[]>();
  const lostBlocks = new Map<string, readonly string[]>();
  let undoChildren = 0;
  const failures: RunError[] = [];
  const violations: string[] = [];
  const flying: Flying[] = [];
  const root: Workflow = { name: '', state: initialRun(limits, options.compensate), cancelled: false, log: [] };
  let report: RangeReport | undefined;
  let children = 0;
  let at = 0;

  const check = (fact: boolean, what: string) => {
    if (!fact) violations.push(what);
  };

  const dispatch = (workflow: Workflow, event: EngineEvent): void => {
    const before = deepFreeze(workflow.state);
    const frozen = JSON.stringify(before);
    const { state, commands } = advance(plan, before, event);
    workflow.engine ??= openEngine(plan, before);
    const same = { commands: workflow.engine.apply(event), state: workflow.engine.state };
    check(
      JSON.stringify(same) === JSON.stringify({ commands, state }),
      'E14 an engine that keeps its state says another thing',
    );
    check(JSON.stringify(before) === frozen, 'E4 a state was changed in place');
    if (options.viaJson === true) {
      const again = advance(plan, JSON.parse(frozen) as EngineState, JSON.parse(JSON.stringify(event)) as EngineEvent);
      check(JSON.stringify(again) === JSON.stringify({ state, commands }), 'E4 JSON changed what follows');
      check(deepJson(state), 'E4 a state is not plain JSON');
    }
    workflow.state = options.viaJson === true ? (JSON.parse(JSON.stringify(state)) as EngineState) : state;
    check(Object.keys(state.running).length <= state.limits.window, 'E5 window exceeded');
    check(Object.keys(state.children).length <= state.limits.childrenAtOnce, 'E5 too many children');
    const starts = commands.some(({ type }) => type === 'runTask' || type === 'startChild');
    check(!(starts && before.outcome !== undefined), 'E7 something started after the outcome was known');
    check(!(starts && state.outcome !== undefined), 'E7 something started as the outcome became known');
    check(!(starts && state.held), 'E10 something started while held');
    check(!(starts && state.suspended === true), 'E11 something started while suspended');
    for (const command of commands) carryOut(workflow, command);
  };

  const carryOut = (workflow: Workflow, command: Command): void => {
    if (command.type === 'cancelAll') {
      for (const flight of flying) if (flight.workflow === workflow) flight.cancelled = true;
    } else if (command.type === 'tellChildren') {
      for (const child of living) if (child.parent === workflow && isLive(child)) tell(child, command.suspended);
    } else if (command.type === 'askUndo') {
      dispatch(workflow, { type: 'undo', at, inChildren: options.earlier !== true });
    } else if (command.type === 'finish') {
      check(inFlight(workflow.state) === 0, 'E8 finished with something in flight');
      finish(workflow, command.report);
    } else {
      if (command.type === 'runTask') begin(command);
      if (command.type === 'compensate') journal.begin(command.id);
      flying.push({ workflow, command, cancelled: false });
    }
  };

  const isLive = ({ name, parent, state }: Workflow) =>
    state.phase !== 'ended' && name in (parent?.state.children ?? {});

  const tell = (workflow: Workflow, suspended: boolean): void =>
    dispatch(workflow, { type: suspended ? 'suspend' : 'unsuspend', at });

  const begin = ({ id, task }: Extract<Command, { type: 'runTask' }>): void => {
    const inputs = inputPaths(RUN, task.inputs).map((path) => path.slice(RUN.length + 1));
    check(!started.has(id), `E1 ${id} started twice`);
    if (!task.inputs.some((input) => 'taskIds' in input)) {
      for (const input of inputs) check(done.has(input), `E1 ${id} started before ${input}`);
    }
    const { splitIndex, joinType, parallel } = task;
    started.set(id, {
      task,
      inputs,
      ...(splitIndex === undefined ? {} : { splitIndex }),
      ...(joinType === undefined ? {} : { joinType }),
      ...(parallel === undefined ? {} : { control: true as const }),
    });
  };

  const finish = (workflow: Workflow, result: RangeReport): void => {
    if (workflow.parent === undefined) {
      check(report === undefined, 'E8 finished twice');
      report = result;
    } else if (workflow.undoes !== undefined) {
      dispatch(workflow.parent, { type: 'blockUndone', at, id: workflow.undoes, report: result.compensation! });
    } else {
      workflow.parent.log.push(workflow.log);
      dispatch(workflow.parent, { type: 'childDone', at, id: workflow.name, report: result });
    }
  };

  const startChild = (flight: Flying): void => {
    const { workflow, command, cancelled } = flight;
    if (command.type !== 'startChild') return;
    if (cancelled) return dispatch(workflow, { type: 'childCancelled', at, id: command.id });
    children += 1;
    const state = initialRange(command.range, workflow.state.limits, options.compensate);
    const child: Workflow = { name: command.id, parent: workflow, state, cancelled: false, log: [] };
    parentOf.set(child.name, workflow.name);
    living.push(child);
    dispatch(child, { type: 'begin', at });
    // It was on its way when its parent was told.
    if (workflow.state.suspended === true && isLive(child)) tell(child, true);
  };

  const startUndo = ({ workflow, command }: Flying): void => {
    if (command.type !== 'undoBlock') return;
    undoChildren += 1;
    const { id, items, failure } = command;
    const state = initialUndo(items, failure, limits, options.compensate);
    const common = { parent: workflow, state, cancelled: false, log: [] };
    const child: Workflow = { name: `undo.${id}`, undoes: id, block: idsOf(items), ...common };
    living.push(child);
    dispatch(child, { type: 'resume', at });
  };

  const within = (name: string | undefined, outer: string): boolean =>
    name !== undefined && (name === outer || within(parentOf.get(name), outer));

  /** A child is gone, and so are its children. */
  const lose = (child: Workflow): void => {
    const family = (one: Workflow | undefined): boolean => one !== undefined && (one === child || family(one.parent));
    const gone = living.filter(family);
    for (const one of gone) living.splice(living.indexOf(one), 1);
    for (const flight of flying.filter(({ workflow }) => family(workflow))) {
      if (flight.command.type === 'compensate') journal.end(flight.command.id);
      flying.splice(flying.indexOf(flight), 1);
    }
    if (child.undoes !== undefined) {
      lostBlocks.set(child.undoes, child.block!);
      dispatch(child.parent!, { type: 'blockLost', at, id: child.undoes });
    } else {
      // What is known of its own lost children is lost with it.
      const inner = [...lost].filter(([name]) => within(name, child.name));
      for (const [name] of inner) lost.delete(name);
      lost.set(child.name, [...gone.flatMap(({ log }) => reversed(log)), ...inner.flatMap(([, ids]) => ids)]);
      const error = { type: 'ChildTerminated', message: `no: ${child.name}` };
      failures.push(error);
      dispatch(child.parent!, { type: 'childFailed', at, id: child.name, error });
    }
  };

  const living: Workflow[] = [root];

  const land = (flight: Flying): void => {
    const { workflow, command, cancelled } = flight;
    if (draw(100) < (options.holding ?? 0)) dispatch(workflow, { type: 'hold', at });
    if (command.type === 'start') {
      dispatch(workflow, cancelled ? { type: 'startCancelled', at } : { type: 'started', at });
    } else if (command.type === 'compensate') {
      journal.end(command.id);
      dispatch(workflow, { type: 'undone', at, id: command.id, ...(draw(10) === 0 ? { error: 'no' } : {}) });
    } else if (command.type === 'runTask') {
      const { id, task } = command;
      if (cancelled && draw(2) === 0) return dispatch(workflow, { type: 'taskCancelled', at, id });
      if (draw(100) < (options.failing ?? 0)) {
        const error = { type: 'StepFailed', message: `no: ${id}`, task };
        failures.push(error);
        return dispatch(workflow, { type: 'taskFailed', at, id, error });
      }
      done.add(`${task.step}/${id}`);
      completed.push(id);
      const clone = draw(100) < (options.cloning ?? 0);
      const transition = transitionOf(plan, choose, task);
      const all = [...(transition.mappers ?? []).filter((mapper) => mapper !== taskIdOf(task)), id];
      workflow.log.push(...all);
      for (const one of all) home.set(one, workflow.name);
      if (clone) for (const one of all) cloned.add(one);
      dispatch(workflow, { type: 'taskDone', at, id, transition, ...(clone ? { cloned: true } : {}) });
    }
  };

  dispatch(root, { type: 'begin', at });
  for (;;) {
    at += 1;
    for (const workflow of living) {
      // Quiet: this is where a workflow continues as new.
      if (workflow.state.held && inFlight(workflow.state) === 0) {
        workflow.state = JSON.parse(JSON.stringify(workflow.state)) as EngineState;
        dispatch(workflow, { type: 'resume', at });
      }
      // A child is cancelled by its parent, through the flight that stands for it.
      if (workflow.parent?.state.phase === 'stopping' && !workflow.cancelled) {
        workflow.cancelled = true;
        dispatch(workflow, { type: 'cancel', at });
      }
    }
    const mortal = living.filter((one) => one.parent !== undefined && one.state.phase !== 'ended');
    const victim = mortal.length === 0 ? undefined : mortal[draw(mortal.length)]!;
    const chance = victim?.undoes === undefined ? options.losing : options.losingUndo;
    if (victim !== undefined && draw(100) < (chance ?? 0)) lose(victim);
    if (at === options.terminateAt) dispatch(root, { type: 'terminate', at, message: 'enough' });
    if (at === options.cancelAt) dispatch(root, { type: 'cancel', at });
    if (at === options.deadlineAt) dispatch(root, { type: 'deadline', at, message: 'too late' });
    const suspended = root.state.suspended === true;
    // One that is suspended and has nothing in flight goes on, or this would never end.
    const change = draw(100) < (options.suspending ?? 0) || (suspended && flying.length === 0);
    if (change && root.state.phase !== 'ended') {
      if (!suspended) suspensions += 1;
      tell(root, !suspended);
    }
    if (flying.length === 0) {
      if (living.some(({ state }) => state.held && state.phase !== 'ended' && inFlight(state) === 0)) continue;
      break;
    }
    const [flight] = flying.splice(draw(flying.length), 1);
    if (flight!.command.type === 'startChild') startChild(flight!);
    else if (flight!.command.type === 'undoBlock') startUndo(flight!);
    else land(flight!);
  }
  if (report === undefined) throw new Error(`The run did not end: ${JSON.stringify(root.state)}`);
  return {
    report,
    state: root.state,
    started,
    completed,
    lastFirst: reversed(root.log),
    cloned,
    suspensions,
    undone: journal.begun,
    undoneAtOnce: journal.peak,
    undoChildren,
    lost,
    lostBlocks,
    failures,
    violations: [...violations, ...journal.violations],
    children,
  };
}

function idsOf(log: Log): string[] {
  const ids: string[] = [];
  for (let last = takeLast(log); last !== undefined; last = takeLast(last.rest)) {
    if ('task' in last) ids.push(last.task.taskId ?? taskIdOf(last.task));
  }
  return ids;
}

function reversed(log: readonly Done[]): string[] {
  return log.toReversed().flatMap((one) => (typeof one === 'string' ? [one] : reversed(one)));
}

/** Whoever changes it in place gets an error. */
function deepFreeze<T>(value: T): T {
  if (Object.isFrozen(value)) return value;
  Object.values(Object.freeze(value) as object).forEach(deepFreeze);
  return value;
}

/** Nothing in it that JSON would drop or change. */
function deepJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(deepJson);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every(deepJson);
}
