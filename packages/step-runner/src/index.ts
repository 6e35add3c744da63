export { attemptOf } from './attempts.js';
export type { Attempt, AttemptReport } from './attempts.js';
export type { FailureDetails } from './failure.js';
export { LauncherFatalError, LauncherLostError } from './launcher/errors.js';
export { formatLogLine } from './log.js';
export type { LauncherLogLine, TaskLogLine } from './log.js';
export type { StepRunnerOptions } from './options.js';
export { createStepActivities } from './step-runner.js';
export type { StepRunner, StepRunnerEvents } from './step-runner.js';
