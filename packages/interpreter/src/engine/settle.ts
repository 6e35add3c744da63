import { beginSaga } from '@mft/saga';
import { inFlight, type Work } from './draft.js';
import { packEnds } from './ends.js';
import type { RangeReport } from './events.js';
import { beginUndoing, compensationOf, isUndone, undoNext } from './undo.js';

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
    const { outcome } = draft;
    if (outcome !== undefined && outcome.status !== 'completed') draft.saga = beginSaga(draft.saga, outcome.error);
    beginUndoing(work);
  }
  if (draft.phase !== 'compensating' || draft.held) return;
  undoNext(work);
  if (isUndone(draft)) finish(work);
}

function finish({ draft, commands }: Work): void {
  const { outcome, done, steps, log, frames, begun } = draft;
  if (outcome === undefined) throw new Error('A run cannot finish without an outcome.');
  draft.phase = 'ended';
  const compensation = compensationOf(draft);
  const report: RangeReport = {
    outcome,
    ends: draft.range ? packEnds(frames[0]?.ends ?? []) : [],
    done,
    steps,
    saga: draft.range ? log : [],
    ...(compensation === undefined ? {} : { compensation }),
  };
  commands.push({ type: 'finish', report, begun });
}
