import { FAILURE, taskLabel, type TaskCoordinates } from '@mft/graph';
import { coordinatesOf, inFlight, type Work } from './draft.js';
import type { Outcome } from './state.js';

/** Ends the run before its end: nothing new starts, what is in flight is cancelled. The first reason stays. */
export function stop({ draft, commands }: Work, outcome: Exclude<Outcome, { status: 'completed' }>): void {
  if (draft.outcome !== undefined) return;
  const busy = inFlight(draft) > 0;
  draft.phase = 'stopping';
  draft.outcome = outcome;
  draft.ready = [];
  draft.wide = [];
  draft.frames = {};
  if (busy) commands.push({ type: 'cancelAll' });
}

/** A task completed with what its plan does not allow: the run fails, and says by which task. */
export function refuse(work: Work, task: TaskCoordinates, what: string): void {
  const message = `Step ${taskLabel(task)} ${what}.`;
  stop(work, { status: 'failed', error: { type: 'InvalidTransition', message, task: coordinatesOf(task) } });
}

/**
 * A foreach opened more tasks than the run allows: the run fails in Metaflow's words, before one of them starts. The task that opened
 * it is complete, and stays so.
 */
export function refuseSplits(work: Work, task: TaskCoordinates, splits: number, most: number): void {
  const { step } = task;
  const message =
    `Foreach in step *${step}* yielded ${splits} child steps which is more than the current maximum of ${most} children. ` +
    'You can raise the maximum with the --max-num-splits option.';
  // Who tells of the failure finds the step in the details, as in those of a step's own failure.
  const details = [{ step }];
  stop(work, { status: 'failed', error: { type: FAILURE.splits, message, task: coordinatesOf(task), details } });
}
