import {
  EXIT_HOOK_TIMEOUT,
  FAILURE,
  maximumAttempts,
  type AnnounceActivities,
  type AttemptsBefore,
  type CompensationPolicy,
  type MetaflowActivities,
  type StartRunInput,
  type StepPolicy,
} from '@mft/graph';
import {
  ActivityCancellationType,
  proxyActivities,
  proxyLocalActivities,
  type ActivityOptions,
} from '@temporalio/workflow';

/** A worker that sends no heartbeat for so long is taken for lost, milliseconds. */
export const HEARTBEAT_TIMEOUT = 30_000;

const MINUTE = 60_000;
/** For steps without `@timeout`: Temporal wants a bound, Metaflow has none. */
const NO_LIMIT = 10 * 365 * 24 * 60 * MINUTE;
/** `@timeout` acts inside the step, and must win: starting the process and storing the artifacts take their time too. */
const SLACK = 15 * MINUTE;
/** What a task may wait in its worker for its process, where several task queues share a bound: the worker ends it by `SLACK` itself. */
const WAITING = 24 * 60 * MINUTE;
/** Temporal refuses a retry interval of zero. */
const AT_ONCE = 10;

const shared = {
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  // Whoever waits for a cancelled task knows that its processes are gone.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const satisfies ActivityOptions;

const known = new WeakMap<StepPolicy, ActivityOptions>();

/** Activity options of a task: how long, how often. Attempts that were made before count. */
export function taskOptions(policy: StepPolicy, before?: AttemptsBefore): ActivityOptions {
  if (before !== undefined) return optionsAfter(policy, before);
  const options = known.get(policy) ?? optionsAfter(policy, undefined);
  known.set(policy, options);
  return options;
}

function optionsAfter({ retry, timeout }: StepPolicy, before: AttemptsBefore | undefined): ActivityOptions {
  return {
    ...shared,
    startToCloseTimeout: timeout === undefined ? NO_LIMIT : timeout * 1000 + SLACK + WAITING,
    retry: {
      maximumAttempts: Math.max(1, maximumAttempts(retry) - (before?.number ?? 0)),
      initialInterval: Math.max(AT_ONCE, retry.minutesBetween * MINUTE),
      maximumInterval: Math.max(AT_ONCE, retry.minutesBetween * MINUTE),
      // Metaflow waits equally long each time.
      backoffCoefficient: 1,
      nonRetryableErrorTypes: [FAILURE.step, FAILURE.start, FAILURE.handedOver],
    },
  };
}

/** Attempts of a handler that may be lost with their worker: who counts them is the runner, by its heartbeats. */
const LOSSES = 2;

/** Activity options of what undoes a task. */
export function compensationOptions({ retries, minutesBetween, timeout }: CompensationPolicy): ActivityOptions {
  return {
    ...shared,
    startToCloseTimeout: timeout * 1000 + SLACK + WAITING,
    retry: {
      maximumAttempts: 1 + retries + LOSSES,
      initialInterval: Math.max(AT_ONCE, minutesBetween * MINUTE),
      maximumInterval: Math.max(AT_ONCE, minutesBetween * MINUTE),
      backoffCoefficient: 1,
      nonRetryableErrorTypes: [FAILURE.step, FAILURE.handedOver],
    },
  };
}

/** Tasks and their compensations; options are given with each call. */
export const tasks = proxyActivities<Pick<MetaflowActivities, 'runMetaflowTask' | 'compensateMetaflowTask'>>({
  ...shared,
  startToCloseTimeout: NO_LIMIT,
});

const runOptions: ActivityOptions = {
  ...shared,
  startToCloseTimeout: 10 * MINUTE,
  retry: {
    maximumAttempts: 6,
    initialInterval: 1000,
    maximumInterval: MINUTE,
    nonRetryableErrorTypes: [FAILURE.start],
  },
};

/** The beginning and the end of a run. Both are safe to repeat. */
export const run = proxyActivities<Pick<MetaflowActivities, 'startMetaflowRun' | 'finishMetaflowRun'>>(runOptions);

/**
 * Milliseconds that an exit hook gets: the runner ends it by itself, this is for a worker that does not.
 *
 * @param seconds - what the deployment gives it
 */
export function hookTimeout(seconds = EXIT_HOOK_TIMEOUT): number {
  return seconds * 1000 + SLACK + WAITING;
}

/**
 * What is called at the end. The runner refuses to begin a hook a second time, and says so by an error that is not retried: what is
 * retried here never began.
 */
export const hooks = proxyActivities<Pick<MetaflowActivities, 'runExitHook'>>({
  ...shared,
  startToCloseTimeout: hookTimeout(),
  retry: {
    maximumAttempts: 6,
    initialInterval: 1000,
    maximumInterval: MINUTE,
    nonRetryableErrorTypes: [FAILURE.hook, FAILURE.start],
  },
});

/** Tells those who wait for the run's end. Given up after a few minutes: who missed it can be triggered by hand. */
export const { announceMetaflowRun } = proxyActivities<AnnounceActivities>({
  startToCloseTimeout: MINUTE,
  scheduleToCloseTimeout: 5 * MINUTE,
  retry: { initialInterval: 1000, maximumInterval: 30_000 },
});

/** Activity options of a run's beginning: one that resumes another copies all of its finished tasks first. */
export function startOptions({ resume }: StartRunInput): ActivityOptions {
  return resume === undefined ? runOptions : { ...runOptions, startToCloseTimeout: 6 * 60 * MINUTE };
}

/** A local activity: its answer lies in the history, and the run keeps it whatever is deployed meanwhile. */
export const { loadMetaflowPlan } = proxyLocalActivities<Pick<MetaflowActivities, 'loadMetaflowPlan'>>({
  startToCloseTimeout: 2 * MINUTE,
  retry: {
    initialInterval: 500,
    maximumInterval: 10_000,
    maximumAttempts: 20,
    nonRetryableErrorTypes: [FAILURE.start],
  },
});
