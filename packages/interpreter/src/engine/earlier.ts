import type { Compensation } from '@mft/graph';
import { logOf } from './log.js';
import type { EngineState } from './state.js';

/** A state as this code has it: one of a run that began with earlier code has its log in the saga, an entry for each task. */
export function withLog(state: EngineState): EngineState {
  if ((state as Partial<EngineState>).log !== undefined) return state;
  const { compensated, failed, items } = state.saga;
  const log = logOf(items);
  const known = {
    ...state,
    log,
    saga: { ...state.saga, items: [], compensated: [], failed: [] },
  };
  if (state.phase !== 'compensating') return known;
  const report: Compensation = {
    total: compensated.length + failed.length,
    compensated,
    failed: failed.map(({ name, error }) => ({ name, error })),
    unreached: [],
  };
  return { ...known, undoing: { inChildren: false, within: [], report } };
}
