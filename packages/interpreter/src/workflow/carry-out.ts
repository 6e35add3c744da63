import { FAILURE, taskLabel, type AttemptsBefore, type TaskInput } from '@mft/graph';
import { ChildWorkflowCancellationType, executeChild, isCancellation } from '@temporalio/workflow';
import type { Command, RangeReport } from '../engine/events.js';
import { taskOptions, tasks } from './activities.js';
import { originOf, policyOf, type Bench, type Happening } from './bench.js';
import { errorOf, handedOver, subjectOf } from './errors.js';
import { factsOf, type RangeArgument } from './input.js';
import { undoBlock, undoTask } from './undo.js';

/** Name of the workflow type that runs a range of a wide foreach. */
export const RANGE_WORKFLOW = 'MetaflowRangeWorkflow';

/**
 * Carries out a command that is answered by an event.
 *
 * The command is handed to Temporal before this returns; the promise never rejects.
 */
export function carryOut(
  bench: Bench,
  command: Exclude<Command, { type: 'cancelAll' | 'tellChildren' | 'askUndo' | 'finish' }>,
): Promise<Happening> {
  switch (command.type) {
    case 'start':
      return start(bench);
    case 'runTask':
      return runTask(bench, command);
    case 'startChild':
      return startChild(bench, command);
    case 'compensate':
      return undoTask(bench, command);
    case 'undoBlock':
      return undoBlock(bench, command);
  }
}

function start({ work, start }: Bench): Promise<Happening> {
  if (start === undefined) throw new Error('A range of a foreach has nothing to start.');
  return work.run(start).then(
    () => ({ type: 'started' }),
    (error: unknown) => {
      if (isCancellation(error)) return { type: 'startCancelled' };
      const what = errorOf(error, 'The start of the run');
      // Refused for good, it is another execution's run, or none; otherwise it may have got far enough to exist.
      return { type: 'startFailed', error: what, begun: what.type !== FAILURE.start };
    },
  );
}

function runTask(
  { plan, facts, work }: Bench,
  { id, task }: Extract<Command, { type: 'runTask' }>,
): Promise<Happening> {
  const { hash, runId, tags } = facts;
  const policy = policyOf(plan, task.step);
  const input: TaskInput = { hash, runId, ...task, tags, handover: true, ...originOf(facts) };
  const attempt = (before?: AttemptsBefore): Promise<Happening> => {
    const options = { ...taskOptions(policy, before), activityId: id, summary: taskLabel(task) };
    const given = before === undefined ? input : { ...input, before };
    return work
      .run(() => tasks.runMetaflowTask.executeWithOptions(options, [given]))
      .then(
        ({ transition, cloned }) => ({ type: 'taskDone', id, transition, ...(cloned === true ? { cloned } : {}) }),
        (error: unknown) => {
          if (isCancellation(error)) return { type: 'taskCancelled', id };
          const back = handedOver(error);
          // Within the one promise: to the engine it is the same task, in flight all the time.
          if (back !== undefined) return attempt(back.before);
          const { step, index, visit } = task;
          return { type: 'taskFailed', id, error: errorOf(error, subjectOf(task), { step, index, visit }) };
        },
      );
  };
  return attempt();
}

function startChild(
  { facts, limits, compensate, work }: Bench,
  { id, range }: Extract<Command, { type: 'startChild' }>,
): Promise<Happening> {
  const argument: RangeArgument = { ...factsOf(facts), range, limits, ...(compensate ? { compensate } : {}) };
  return work
    .run(() =>
      executeChild<(argument: RangeArgument) => Promise<RangeReport>>(RANGE_WORKFLOW, {
        args: [argument],
        workflowId: `${facts.workflowId}.${id}`,
        staticSummary: id,
        // The child cancels its tasks, waits for them and then reports.
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      }),
    )
    .then(
      (report) => ({ type: 'childDone', id, report }),
      (error: unknown) =>
        isCancellation(error)
          ? { type: 'childCancelled', id }
          : { type: 'childFailed', id, error: errorOf(error, `The child workflow ${facts.workflowId}.${id}`) },
    );
}
