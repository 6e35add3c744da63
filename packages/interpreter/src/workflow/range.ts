import { CancellationScope, makeContinueAsNewFunc } from '@temporalio/workflow';
import type { RangeReport } from '../engine/events.js';
import { initialRange } from '../engine/initial.js';
import { loadMetaflowPlan } from './activities.js';
import { drive } from './drive.js';
import { factsOf, type RangeArgument } from './input.js';
import { ProgressBoard } from './progress.js';

/**
 * Runs a range of a foreach, up to but without its join. Always completes with a report: a failure or a cancel is in it, so that
 * the parent learns what is to be undone.
 */
export async function runRange(argument: RangeArgument): Promise<RangeReport> {
  const { range, limits, compensate, continued } = argument;
  const facts = factsOf(argument);
  const board = new ProgressBoard(facts);
  // Shielded: a cancel that comes meanwhile must reach the engine, which makes a report of it.
  const { plan } = await CancellationScope.nonCancellable(() => loadMetaflowPlan({ hash: facts.hash }));
  board.show(plan);
  const driven = await drive({
    plan,
    facts,
    state: continued ?? initialRange(range, limits, compensate),
    first: continued === undefined ? 'begin' : 'resume',
    onState: (state, now) => board.update(state, now),
  });
  if ('quiet' in driven) {
    return await makeContinueAsNewFunc<typeof runRange>()({ ...argument, continued: driven.quiet });
  }
  board.close(driven.finish.report.outcome.status);
  return driven.finish.report;
}
