import type { ScheduleOverlap } from '@mft/graph';
import type { CompileOptions } from '@mft/compiler';
import { integer } from './numbers.js';

/** Flags of `mft create` that say how a deployment follows its flow's `@schedule`. */
export interface ScheduleFlags {
  /** `--schedule` and `--no-schedule`. */
  readonly schedule?: boolean;
  readonly scheduleOverlap?: ScheduleOverlap;
  readonly scheduleCatchup?: string;
  readonly scheduleJitter?: string;
  readonly schedulePauseOnFailure?: true;
}

/** Temporal makes so much of less. */
const LEAST_CATCHUP = 10;

/**
 * What the flags say; undefined where none is given.
 *
 * @throws MftError INVALID_OPTION
 *
 * @example
 * ```ts
 * scheduleOf({ scheduleOverlap: 'skip' }); // { overlap: 'skip' }
 * ```
 */
export function scheduleOf(flags: ScheduleFlags): CompileOptions['schedule'] {
  const { schedule: active, scheduleOverlap: overlap, schedulePauseOnFailure: pauseOnFailure } = flags;
  const catchup = integer('--schedule-catchup', flags.scheduleCatchup, LEAST_CATCHUP);
  const jitter = integer('--schedule-jitter', flags.scheduleJitter, 0);
  const all = { active, overlap, catchup, jitter, pauseOnFailure };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
