import { FAILURE } from '@mft/graph';
import { ChildWorkflowCancellationType, executeChild, isCancellation } from '@temporalio/workflow';
import type { Command, RangeReport } from '../engine/events.js';
import type { Bench, Happening } from './bench.js';
import { errorOf } from './errors.js';
import { factsOf, type RangeArgument } from './input.js';
import { runTask } from './run-task.js';
import { undoBlock, undoTask } from './undo.js';

/** Name of the workflow type that runs a range of a wide foreach. */
export const RANGE_WORKFLOW = 'MetaflowRangeWorkflow';

/**
 * Carries out a command that is answered by an event, of which the bench will be told.
 *
 * The command is handed to Temporal before this returns.
 */
export function carryOut(
  bench: Bench,
  command: Exclude<Command, { type: 'cancelAll' | 'tellChildren' | 'askUndo' | 'finish' }>,
): void {
  switch (command.type) {
    case 'start':
      void start(bench).then(bench.tell);
      return;
    case 'runTask':
      runTask(bench, command);
      return;
    case 'startChild':
      void startChild(bench, command).then(bench.tell);
      return;
    case 'compensate':
      void undoTask(bench, command).then(bench.tell);
      return;
    case 'undoBlock':
      void undoBlock(bench, command).then(bench.tell);
      return;
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
