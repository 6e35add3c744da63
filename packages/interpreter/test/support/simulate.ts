import { inputPaths, type Plan } from '@mft/graph';
import { advance, inFlight, initialRange, initialRun, LIMITS } from '../../src/index.js';
import type { Command, EngineEvent, EngineState, Limits, RangeReport, RunError, TaskSpec } from '../../src/index.js';
import { transitionOf, type Choose } from './choices.js';
import type { Expected } from './reference.js';
import type { Draw } from './graphs.js';

/*
 * A run without a server: everything in flight ends in a random order, children are engines of their own, and every workflow is
 * held and resumed now and then, as continue-as-new does.
 */

export interface Options {
  readonly limits?: Partial<Limits>;
  /** Chance in a hundred that a task fails. */
  readonly failing?: number;
  /** After how many steps of the simulation the run is cancelled, or its deadline passes. */
  readonly cancelAt?: number;
  readonly deadlineAt?: number;
  /** Chance in a hundred that a workflow is held before an event. */
  readonly holding?: number;
  /** Chance in a hundred, at each step of the simulation, that the run is suspended, or goes on if it is. */
  readonly suspending?: number;
  /** Chance in a hundred that a task was cloned from an earlier run. */
  readonly cloning?: number;
  /** Turn every state into JSON and back. */
  readonly viaJson?: boolean;
}

export interface Trace {
  readonly report: RangeReport;
  readonly state: EngineState;
  /** Started tasks by id, in order of their start. */
  readonly started: Map<string, Expected & { readonly task: TaskSpec }>;
  /** Ids of tasks that completed, in order. */
  readonly completed: string[];
  /** The same, last first, those of a child all at the place where the child ended. */
  readonly lastFirst: readonly string[];
  /** Ids of completed tasks that were cloned. */
  readonly cloned: ReadonlySet<string>;
  /** How often the run was suspended. */
  readonly suspensions: number;
  /** Ids of undone tasks, in order. */
  readonly undone: string[];
  readonly failures: RunError[];
  readonly violations: string[];
  readonly children: number;
}

interface Flying {
  readonly workflow: Workflow;
  readonly command: Extract<Command, { type: 'start' | 'runTask' | 'startChild' | 'compensate' }>;
  cancelled: boolean;
}

interface Workflow {
  readonly name: string;
  readonly parent?: Workflow;
  state: EngineState;
  cancelled: boolean;
  /** What completed in it, in order, what a child did as one. */
  readonly log: Log[];
}

type Log = string | readonly Log[];

const RUN = 'r';

/** Runs a plan to its end. */
export function simulate(plan: Plan, choose: Choose, draw: Draw, options: Options = {}): Trace {
  const limits = { ...LIMITS, ...options.limits };
  const started: Trace['started'] = new Map();
  const done = new Set<string>(['_parameters/temporal-_parameters-0']);
  const completed: string[] = [];
  const cloned = new Set<string>();
  let suspensions = 0;
  const undone: string[] = [];
  const failures: RunError[] = [];
  const violations: string[] = [];
  const flying: Flying[] = [];
  const root: Workflow = { name: '', state: initialRun(limits), cancelled: false, log: [] };
  let report: RangeReport | undefined;
  let children = 0;
  let at = 0;

  const check = (fact: boolean, what: string) => {
    if (!fact) violations.push(what);
  };

  const dispatch = (workflow: Workflow, event: EngineEvent): void => {
    const before = workflow.state;
    const frozen = JSON.stringify(before);
    const { state, commands } = advance(plan, before, event);
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
    } else if (command.type === 'finish') {
      check(inFlight(workflow.state) === 0, 'E8 finished with something in flight');
      finish(workflow, command.report);
    } else {
      if (command.type === 'runTask') begin(command);
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
    const state = initialRange(command.range, workflow.state.limits);
    const child: Workflow = { name: command.id, parent: workflow, state, cancelled: false, log: [] };
    living.push(child);
    dispatch(child, { type: 'begin', at });
    // It was on its way when its parent was told.
    if (workflow.state.suspended === true && isLive(child)) tell(child, true);
  };

  const living: Workflow[] = [root];

  const land = (flight: Flying): void => {
    const { workflow, command, cancelled } = flight;
    if (draw(100) < (options.holding ?? 0)) dispatch(workflow, { type: 'hold', at });
    if (command.type === 'start') {
      dispatch(workflow, cancelled ? { type: 'startCancelled', at } : { type: 'started', at });
    } else if (command.type === 'compensate') {
      undone.push(command.id);
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
      if (clone) cloned.add(id);
      workflow.log.push(id);
      const transition = transitionOf(plan, choose, task);
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
    undone,
    failures,
    violations,
    children,
  };
}

function reversed(log: readonly Log[]): string[] {
  return log.toReversed().flatMap((one) => (typeof one === 'string' ? [one] : reversed(one)));
}

/** Nothing in it that JSON would drop or change. */
function deepJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(deepJson);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every(deepJson);
}
