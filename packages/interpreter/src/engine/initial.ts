import { emptySaga } from '@mft/saga';
import { LIMITS, type Limits } from './limits.js';
import type { EngineState, RangeSpec } from './state.js';

/**
 * The state of a run that has not begun. Its first event is `begin`.
 *
 * @param limits - default: {@link LIMITS}
 * @example
 * ```ts
 * let { state, commands } = advance(plan, initialRun(), { type: 'begin', at: Date.now() });
 * ```
 */
export function initialRun(limits: Limits = LIMITS): EngineState {
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
    saga: emptySaga(),
    steps: {},
    done: 0,
  };
}

/** The state of a child that runs a range of a foreach. Its first event is `begin`. */
export function initialRange(spec: RangeSpec, limits: Limits = LIMITS): EngineState {
  const { opener, join, from, to } = spec;
  return {
    ...initialRun({ ...limits, window: limits.childWindow }),
    range: true,
    frames: {
      0: { kind: 'range', opener, join, frame: null, slot: 0, cursor: from, end: to, left: to - from, ends: [] },
    },
    nextFrame: 1,
    ready: [{ frame: 0 }],
  };
}
