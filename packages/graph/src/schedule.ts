/** What happens when a run is due while an earlier one of the same schedule goes on. */
export const SCHEDULE_OVERLAPS = [
  'allow-all',
  'skip',
  'buffer-one',
  'buffer-all',
  'cancel-other',
  'terminate-other',
] as const;

/** One of {@link SCHEDULE_OVERLAPS}. */
export type ScheduleOverlap = (typeof SCHEDULE_OVERLAPS)[number];

/** How a schedule behaves. What is left out is as with Metaflow's other orchestrators: {@link SCHEDULE_DEFAULTS}. */
export interface SchedulePolicies {
  readonly overlap?: ScheduleOverlap;
  /** Seconds by which a run that could not be started in time, the server being down, may be late. */
  readonly catchup?: number;
  /** Seconds: each run begins up to so many later than due, by chance. */
  readonly jitter?: number;
  /** A run that fails pauses the schedule. */
  readonly pauseOnFailure?: boolean;
}

/** `@schedule` of a flow, and how its deployment follows it. */
export interface FlowSchedule extends SchedulePolicies {
  /** As Metaflow writes it: five fields, or AWS's six. */
  readonly cron: string;
  /** IANA name. @defaultValue UTC */
  readonly timezone?: string;
  /** False: the deployment does not start runs by itself. @defaultValue true */
  readonly active?: boolean;
}

/**
 * Metaflow's behaviour, as its Argo Workflows have it: runs may overlap, and one that could not be started in time is started up to 59
 * minutes late.
 */
export const SCHEDULE_DEFAULTS: Required<SchedulePolicies> = {
  overlap: 'allow-all',
  catchup: 3540,
  jitter: 0,
  pauseOnFailure: false,
};

/**
 * The policies of a schedule, those that are left out included.
 *
 * @example
 * ```ts
 * schedulePolicies({ overlap: 'skip' }).catchup; // 3540
 * ```
 */
export function schedulePolicies(given: SchedulePolicies): Required<SchedulePolicies> {
  const { overlap, catchup, jitter, pauseOnFailure } = SCHEDULE_DEFAULTS;
  return {
    overlap: given.overlap ?? overlap,
    catchup: given.catchup ?? catchup,
    jitter: given.jitter ?? jitter,
    pauseOnFailure: given.pauseOnFailure ?? pauseOnFailure,
  };
}

/** What the ids of schedules of deployments begin with. */
export const SCHEDULE_PREFIX = 'metaflow-';

/**
 * Id of the schedule that records a deployment.
 *
 * @example
 * ```ts
 * scheduleIdOf('HelloFlow'); // 'metaflow-HelloFlow'
 * ```
 */
export function scheduleIdOf(name: string): string {
  return `${SCHEDULE_PREFIX}${name}`;
}

/**
 * Name of the deployment that a schedule of this id records; the id itself where it is none of ours.
 *
 * @example
 * ```ts
 * deploymentOfSchedule('metaflow-HelloFlow'); // 'HelloFlow'
 * ```
 */
export function deploymentOfSchedule(id: string): string {
  return id.startsWith(SCHEDULE_PREFIX) ? id.slice(SCHEDULE_PREFIX.length) : id;
}
