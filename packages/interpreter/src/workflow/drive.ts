import { SUSPEND_SIGNAL, TERMINATE_SIGNAL, UNSUSPEND_SIGNAL, type Plan, type TerminateRequest } from '@mft/graph';
import { CancellationScope, defineSignal, patched, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import { openEngine } from '../engine/advance.js';
import { inFlight } from '../engine/draft.js';
import type { Command } from '../engine/events.js';
import type { EngineState } from '../engine/state.js';
import type { Bench, Happening } from './bench.js';
import { carryOut } from './carry-out.js';
import type { RunFacts } from './input.js';
import { tellChildren } from './tell-children.js';
import { together } from './together.js';

/*
 * The loop between the engine and Temporal.
 *
 * D1. An event is applied in the activation that brings it, and what follows from it is scheduled in the same one: between the
 *     end of a task and the start of the next lies one workflow task.
 * D2. Nothing is in flight, and no cancel unheard, when a workflow continues as new.
 * D3. Cancellation reaches work only through the engine's `cancelAll`: the scope of work hangs on one that no cancel reaches. The loop runs
 *     within the scope of work; compensation, messages to children, timers and the end have scopes of their own.
 * D4. A signal is heard at once, also one that came before the workflow could listen; Temporal lets no workflow continue as new while
 *     one is unheard.
 *
 * What a change here, in the engine or in the options of an activity breaks in runs under way (a replay compares the commands):
 * R1. the order, number or kind of commands that an event leads to: launch order, window, children, phases, limits (which is why a
 *     run carries its limits in its state); and the order in which the engine hears of what one activation brings, which the number of
 *     promises on the way decides (see `together`);
 * R2. ids of activities and of children, and the types of activities and workflows (their arguments, summaries and timeouts are not
 *     compared);
 * R3. when a workflow continues as new, and what its own timers are for.
 * Such a change needs `patched()`, and a history recorded before it in `test/histories`.
 */

/** Undoing as it is now: large blocks by children, tasks of a control task too, a report in the memo. */
const UNDO_PATCH = 'mft:undo-in-children';

export interface Drive {
  readonly plan: Plan;
  readonly facts: RunFacts;
  readonly state: EngineState;
  /** `begin`, or `resume` after continuing as new. */
  readonly first: 'begin' | 'resume';
  readonly start?: () => Promise<void>;
  readonly deadline?: { readonly at: number; readonly message: string };
  /** Called after every event. */
  readonly onState: (state: EngineState, now: number) => void;
}

/** The engine's end, or the state in which to continue as new. */
export type Driven =
  | { readonly finish: Extract<Command, { type: 'finish' }>; readonly state: EngineState }
  | { readonly quiet: EngineState };

/**
 * Carries a run on until it ends or should continue as new.
 *
 * @throws Error for defects of ours, which fails the workflow task and not the run: it can go on with mended code
 */
export async function drive(options: Drive): Promise<Driven> {
  const root = CancellationScope.current();
  return await CancellationScope.nonCancellable(
    () => new Promise<Driven>((resolve, reject) => run(options, root, resolve, reject)),
  );
}

function run(
  options: Drive,
  root: CancellationScope,
  resolve: (driven: Driven) => void,
  reject: (e: unknown) => void,
): void {
  const { plan, facts, start } = options;
  const shield = CancellationScope.current();
  const work = new CancellationScope();
  const timers = new CancellationScope();
  const { limits, compensate } = options.state;
  const how = compensate === undefined ? {} : { compensate };
  const engine = openEngine(plan, options.state);
  // Changes with each event.
  const { state } = engine;
  let over = false;
  let cancelHeard = false;

  const apply = (happening: Happening): void => {
    const at = Date.now();
    const commands = engine.apply({ ...happening, at });
    options.onState(state, at);
    for (const command of commands) {
      if (command.type === 'cancelAll') work.cancel();
      else if (command.type === 'tellChildren') tellChildren(facts.workflowId, command.suspended, () => state);
      else if (command.type === 'askUndo') apply({ type: 'undo', inChildren: patched(UNDO_PATCH) });
      else if (command.type === 'finish') end({ finish: command, state });
      else carryOut(bench, command);
    }
  };

  const dispatch = (happening: Happening): void => {
    if (CancellationScope.current() === work) take(happening);
    else enter(() => take(happening));
  };

  /** Everything is done within `work`, and so is what follows from it: entering a scope costs more than an event does. */
  const enter = (act: () => void): void => {
    void work.run(() => Promise.resolve(act()));
  };

  const take = (happening: Happening): void => {
    if (over) return;
    try {
      if (!state.held && shouldHold(state, cancelHeard)) apply({ type: 'hold' });
      apply(happening);
      if (isQuiet(state)) notice();
      if (isQuiet(state)) end({ quiet: state });
    } catch (error) {
      over = true;
      reject(error);
    }
  };

  /** Before continuing as new: what came in the same activation and was not told yet (D2). */
  const notice = (): void => {
    // The scope knows of a cancel before its promise tells us.
    if (root.consideredCancelled) cancel();
    // A server's timers are not so exact that an execution could not end before its own one fires, again and again.
    const { deadline } = options;
    if (deadline !== undefined && Date.now() >= deadline.at) apply({ type: 'deadline', message: deadline.message });
  };

  const cancel = (): void => {
    if (over || cancelHeard) return;
    cancelHeard = true;
    // Only the execution that was asked can end as cancelled, so it does not continue as new while there is room.
    if (state.held && !shouldHold(state, true)) apply({ type: 'resume' });
    apply({ type: 'cancel' });
  };

  const end = (driven: Driven): void => {
    if (over) return;
    over = true;
    timers.cancel();
    resolve(driven);
  };

  const bench: Bench = {
    ...{ plan, facts, limits, work, shield, ...how, ...(start ? { start } : {}) },
    ...{ tell: dispatch, tellTask: together(dispatch) },
  };
  if (options.deadline !== undefined) {
    const { at, message } = options.deadline;
    const wait = () => sleep(Math.max(1, at - Date.now()));
    void timers.run(wait).then(
      () => dispatch({ type: 'deadline', message }),
      () => undefined,
    );
  }
  // Before anything starts: a run may be suspended from its very beginning.
  setHandler(defineSignal(SUSPEND_SIGNAL), () => dispatch({ type: 'suspend' }));
  setHandler(defineSignal(UNSUSPEND_SIGNAL), () => dispatch({ type: 'unsuspend' }));
  // A range ends with its run.
  if (!state.range) {
    setHandler(defineSignal<[TerminateRequest?]>(TERMINATE_SIGNAL), (request) => {
      dispatch({ type: 'terminate', message: messageOf(request) });
    });
  }
  dispatch({ type: options.first });
  void root.cancelRequested.catch(() => enter(dispatchCancel));

  function dispatchCancel(): void {
    try {
      cancel();
    } catch (error) {
      over = true;
      reject(error);
    }
  }
}

function messageOf(request: TerminateRequest | undefined): string {
  const reason = request?.reason;
  // Any client may have sent it.
  return typeof reason === 'string' && reason !== '' ? `The run was terminated: ${reason}` : 'The run was terminated.';
}

/** Nothing is in flight, and nothing will be before the workflow has continued as new. */
function isQuiet(state: EngineState): boolean {
  return state.held && state.phase !== 'ended' && inFlight(state) === 0;
}

/** Whether nothing more is to be started: the history is long, or long enough and the event at hand leaves nothing in flight. */
function shouldHold(state: EngineState, cancelled: boolean): boolean {
  const { historyLength, historySize } = workflowInfo();
  const { softEvents, hardEvents, lastEvents, softBytes, hardBytes } = state.limits;
  if (cancelled) return historyLength >= lastEvents;
  if (historyLength >= hardEvents || historySize >= hardBytes) return true;
  return (historyLength >= softEvents || historySize >= softBytes) && inFlight(state) === 1;
}
