import { taskLabel, type TaskCoordinates } from '@mft/graph';
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
