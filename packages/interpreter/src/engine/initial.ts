import type { CompensateOptions } from '@mft/graph';
import { emptySaga } from '@mft/saga';
import { LIMITS, type Limits } from './limits.js';
import type { Log } from './log.js';
import type { EngineState, RangeSpec, RunError } from './state.js';

/**
 * The state of a run that has not begun. Its first event is `begin`.
 *
 * @param limits - default: {@link LIMITS}
 * @param compensate - how the run is undone should it not complete
 * @example
 * ```ts
 * let { state, commands } = advance(plan, initialRun(), { type: 'begin', at: Date.now() });
 * ```
 */
export function initialRun(limits: Limits = LIMITS, compensate?: CompensateOptions): EngineState {
  return {
    phase: 'idle',
    range: false,
    limits,
    held: false,
    starting: false,
    begun: false,
    frames: {},
    nextFrame: 0,
    ready: [],
    wide: [],
    running: {},
    children: {},
    log: [],
    saga: emptySaga(),
    steps: {},
    done: 0,
    ...(compensate === undefined ? {} : { compensate }),
  };
}

/** The state of a child that runs a range of a foreach. Its first event is `begin`. */
export function initialRange(spec: RangeSpec, limits: Limits = LIMITS, compensate?: CompensateOptions): EngineState {
  const { opener, join, from, to } = spec;
  return {
    ...initialRun({ ...limits, window: limits.childWindow }, compensate),
    range: true,
    frames: {
      0: { kind: 'range', opener, join, frame: null, slot: 0, cursor: from, end: to, left: to - from, ends: [] },
    },
    nextFrame: 1,
    ready: [{ frame: 0 }],
  };
}

/**
 * The state of a child that undoes what another one did. Its first event is `resume`.
 *
 * @param items - the block's
 * @param error - why the run is undone
 * @example
 * ```ts
 * let { state, commands } = advance(plan, initialUndo(items, error), { type: 'resume', at: 0 }); // commands: [{ type: 'compensate', … }]
 * ```
 */
export function initialUndo(
  items: Log,
  error: RunError,
  limits: Limits = LIMITS,
  compensate?: CompensateOptions,
): EngineState {
  return {
    // No children of its own: it has nothing else to do, and continues as new.
    ...initialRun({ ...limits, undoInline: Number.MAX_SAFE_INTEGER }, compensate),
    range: true,
    phase: 'compensating',
    held: true,
    outcome: { status: 'failed', error },
    log: items,
    undoing: { inChildren: true, within: [], report: { total: 0, compensated: [], failed: [], unreached: [] } },
  };
}
