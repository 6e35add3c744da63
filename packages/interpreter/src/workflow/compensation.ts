import type { Compensation } from '@mft/graph';
import { CancellationScope, makeContinueAsNewFunc } from '@temporalio/workflow';
import { initialUndo } from '../engine/initial.js';
import { loadMetaflowPlan } from './activities.js';
import { drive } from './drive.js';
import { factsOf, type UndoArgument } from './input.js';
import { ProgressBoard } from './progress.js';

/** Undoes what a child of the run did, last first. No cancel reaches it, and it always completes with a report. */
export async function runUndo(argument: UndoArgument): Promise<Compensation> {
  const { items, failure, limits, compensate, continued } = argument;
  const facts = factsOf(argument);
  const board = new ProgressBoard(facts);
  const { plan } = await CancellationScope.nonCancellable(() => loadMetaflowPlan({ hash: facts.hash }));
  board.show(plan);
  const driven = await drive({
    plan,
    facts,
    state: continued ?? initialUndo(items, failure, limits, compensate),
    first: 'resume',
    onState: (state, now) => board.update(state, now),
  });
  if ('quiet' in driven) {
    // What is left of the items lies in the state.
    return await makeContinueAsNewFunc<typeof runUndo>()({ ...argument, items: [], continued: driven.quiet });
  }
  board.close('completed');
  return driven.finish.report.compensation ?? { total: 0, compensated: [], failed: [], unreached: [] };
}
