import {
  COMPENSATION_MEMO,
  exitHooksFor,
  runIdOf,
  type FinishRunInput,
  type LoadedPlan,
  type RunResult,
} from '@mft/graph';
import { describeReport } from '@mft/saga';
import {
  CancellationScope,
  CancelledFailure,
  log,
  makeContinueAsNewFunc,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Command, RangeReport } from '../engine/events.js';
import { initialRun } from '../engine/initial.js';
import type { EngineState } from '../engine/state.js';
import { announceMetaflowRun, loadMetaflowPlan, run, startOptions } from './activities.js';
import { drive } from './drive.js';
import { errorOf, failureOf, firstLine } from './errors.js';
import { callExitHooks } from './exit-hooks.js';
import {
  compensateOf,
  factsOf,
  limitsOf,
  timeoutOf,
  type Continued,
  type RunArgument,
  type RunFacts,
} from './input.js';
import { ProgressBoard } from './progress.js';
import { showAttributes } from './search-attributes.js';
import { triggersOf } from './triggers.js';

/**
 * Runs a flow from its start to its end, or takes it up where it continued as new.
 *
 * @throws ApplicationFailure `StepFailed` with the step's own message and traceback, `WorkflowTimeout`, `RunNotStarted`, `TaskLost`,
 * `TooManySplits`, `Terminated`
 * @throws CancelledFailure when the run was cancelled
 */
export async function runFlow(argument: RunArgument): Promise<RunResult> {
  const { workflowId } = workflowInfo();
  const board = new ProgressBoard({ workflowId, runId: runIdOf(workflowId) });
  const loaded = await load(argument.continued?.hash ?? argument.hash);
  const { plan } = loaded;
  board.show(plan);
  const begun: Continued = argument.continued ?? begin(argument, loaded);
  const { state, timeout, deadline } = begun;
  const facts = factsOf(begun);
  // They stay with a run that continues as new.
  if (argument.continued === undefined) showAttributes(loaded.searchAttributes, facts);
  const { hash, runId, tags, resume } = facts;
  let { pathspec = `${plan.graph.name}/${runId}` } = begun;

  const start = async () => {
    const triggers = triggersOf(argument);
    const input = {
      ...{ hash, runId, params: argument.params ?? {}, tags },
      ...(resume === undefined ? {} : { resume }),
      ...(triggers.length === 0 ? {} : { triggers }),
    };
    ({ pathspec } = await run.startMetaflowRun.executeWithOptions(startOptions(input), [input]));
  };
  const driven = await drive({
    plan,
    facts,
    state,
    first: argument.continued === undefined ? 'begin' : 'resume',
    start,
    ...(deadline === undefined
      ? {}
      : { deadline: { at: deadline, message: `The run took longer than its timeout of ${timeout} s.` } }),
    onState: (now, at) => board.update(now, at),
  });
  if ('quiet' in driven) return await continueRun({ ...begun, pathspec, state: driven.quiet });

  const { report, begun: registered } = driven.finish;
  const { outcome } = report;
  const announced = registered && outcome.status === 'completed' && loaded.announce === true;
  await Promise.all([registered ? finish(facts, driven.finish) : undefined, announced ? announce(facts) : undefined]);
  tellUndone(driven.state, report);
  await callExitHooks(exitHooksFor(loaded.exitHooks, outcome.status), facts, loaded.exitHooks?.timeout);
  board.close(outcome.status);
  if (outcome.status === 'completed') return { pathspec, runId, tasks: report.done };
  if (outcome.status === 'cancelled') throw new CancelledFailure(outcome.error.message);
  throw failureOf(outcome.error);
}

/** The first thing of every execution. @throws ApplicationFailure with the message of whoever refused it */
async function load(hash: string | undefined): Promise<LoadedPlan> {
  try {
    // Shielded: a run that continued as new and is cancelled now has things to cancel and to undo.
    return await CancellationScope.nonCancellable(() => loadMetaflowPlan(hash === undefined ? {} : { hash }));
  } catch (error) {
    throw failureOf(errorOf(error, 'Loading the plan'));
  }
}

function begin(argument: RunArgument, loaded: LoadedPlan): Continued {
  const { workflowId, startTime } = workflowInfo();
  const timeout = timeoutOf(argument, loaded);
  return {
    hash: loaded.hash,
    runId: runIdOf(workflowId),
    tags: [...new Set([...loaded.tags, ...(argument.tags ?? [])])],
    workflowId,
    ...(argument.resume === undefined ? {} : { resume: argument.resume }),
    ...(triggersOf(argument).length === 0 ? {} : { triggered: true as const }),
    state: initialRun(limitsOf(argument, loaded), compensateOf(argument, loaded)),
    ...(timeout === undefined ? {} : { timeout, deadline: startTime.getTime() + timeout * 1000 }),
  };
}

function continueRun(continued: Continued): Promise<never> {
  return makeContinueAsNewFunc<(argument: RunArgument) => Promise<RunResult>>()({ continued });
}

/** Tells Metaflow, whatever the outcome. That it could not be told does not change the outcome. */
async function finish({ hash, runId, resume }: RunFacts, { report }: Extract<Command, { type: 'finish' }>) {
  const { outcome } = report;
  const input: FinishRunInput = {
    hash,
    runId,
    // To Metaflow there is no third way of not completing.
    status: outcome.status === 'terminated' ? 'failed' : outcome.status,
    ...(outcome.status === 'completed' ? {} : { error: firstLine(outcome.error.message) }),
    ...(resume === undefined ? {} : { resume }),
  };
  try {
    await CancellationScope.nonCancellable(() => run.finishMetaflowRun(input));
  } catch (error) {
    log.warn(`The end of the run could not be recorded: ${errorOf(error, 'finishMetaflowRun').message}`, { runId });
  }
}

/** Tells the deployments that wait for it. That they could not be told does not change the outcome. */
async function announce({ hash, runId }: RunFacts): Promise<void> {
  const input = { hash, runId, timestamp: Math.floor(Date.now() / 1000) };
  try {
    await CancellationScope.nonCancellable(() => announceMetaflowRun(input));
  } catch (error) {
    log.warn(`The end of the run could not be announced: ${errorOf(error, 'announceMetaflowRun').message}`, { runId });
  }
}

/** Who looks at a run that has ended finds in its memo what was undone; one that is incomplete says so in the log. */
function tellUndone({ undoing }: EngineState, { compensation }: RangeReport): void {
  if (compensation === undefined) return;
  // Absent where undoing began with code that did not write one.
  if (undoing?.inChildren === true) upsertMemo({ [COMPENSATION_MEMO]: compensation });
  const { failed, unreached } = compensation;
  for (const { name, error } of failed) log.warn(`Step ${name} could not be undone: ${error}`);
  if (unreached.length > 0) log.warn(`Not everything was undone: ${describeReport(compensation)}`);
}
