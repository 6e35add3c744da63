import { beginSaga, isSettled, takeNext } from '@mft/saga';
import { inFlight, type Work } from './draft.js';
import type { RangeReport } from './events.js';

/** Goes from phase to phase once nothing is in flight any more, and says when all is over. */
export function settle(work: Work): void {
  const { draft } = work;
  if (draft.phase === 'running' && draft.outcome?.status === 'completed') {
    finish(work);
    return;
  }
  if (draft.phase === 'stopping' && inFlight(draft) === 0) {
    // A child undoes nothing: its parent does, in the order of the whole run.
    if (draft.range) {
      finish(work);
      return;
    }
    if (draft.held) return;
    draft.phase = 'compensating';
    draft.saga = beginSaga(draft.saga, causeOf(work));
  }
  if (draft.phase !== 'compensating' || draft.held) return;
  compensate(work);
  if (isSettled(draft.saga)) finish(work);
}

function compensate(work: Work): void {
  const { plan, draft, commands } = work;
  const { state, entries } = takeNext(draft.saga);
  draft.saga = state;
  for (const { id, data: task } of entries) {
    const handler = plan.policies[task.step]?.compensate?.handler;
    if (handler === undefined) throw new Error(`Step ${task.step} is to be compensated and has no handler.`);
    commands.push({ type: 'compensate', id, task, handler, failure: causeOf(work) });
  }
}

function causeOf({ draft: { outcome } }: Work) {
  if (outcome === undefined || outcome.status === 'completed') throw new Error('A run without an error is not undone.');
  return outcome.error;
}

function finish({ draft, commands }: Work): void {
  const { outcome, done, steps, saga, frames, begun } = draft;
  if (outcome === undefined) throw new Error('A run cannot finish without an outcome.');
  draft.phase = 'ended';
  const report: RangeReport = {
    outcome,
    ends: draft.range ? (frames[0]?.ends ?? []) : [],
    done,
    steps,
    saga: draft.range ? saga.items : [],
  };
  commands.push({ type: 'finish', report, begun });
}
