export { MftError, isMftError } from './errors.js';
export type { FlowGraph, FlowNode, NodeType } from './graph.js';
export { graphProblems, validateGraph } from './validate.js';
export { toDot, toMermaid } from './draw.js';
export { checkParameters, parseParameters, withDeployedDefaults } from './parameters.js';
export type { CheckOptions } from './parameters.js';
export { RUN_INPUT_SCHEMA } from './run-input-schema.js';
export { suggest } from './suggest.js';
export { MAX_ATTEMPTS, maximumAttempts } from './plan.js';
export type { CompensationPolicy, Plan, RetryPolicy, StepPolicy } from './plan.js';
export {
  coordinatesOf,
  PARAMETERS_STEP,
  PARAMETERS_TASK_ID,
  runIdOf,
  taskIdOf,
  taskLabel,
  workflowIdOf,
} from './ids.js';
export type { TaskCoordinates } from './ids.js';
export { inputPaths } from './inputs.js';
export type { InputRun } from './inputs.js';
export { lettersOf, numberOfLetters, packOrder, unpackOrder } from './order.js';
export { FAILURE } from './activities.js';
export type {
  AnnounceActivities,
  AnnounceRunInput,
  AttemptsBefore,
  CompensateInput,
  FinishRunInput,
  LoadedPlan,
  LoadPlanInput,
  MetaflowActivities,
  StartedRun,
  StartRunInput,
  TaskInput,
  TaskResult,
  Transition,
} from './activities.js';
export {
  COMPENSATION_MEMO,
  METAFLOW_WORKFLOW,
  PROGRESS_QUERY,
  SUSPEND_SIGNAL,
  TERMINATE_SIGNAL,
  UNSUSPEND_SIGNAL,
} from './run.js';
export type { Progress, ResumeInput, RunInput, RunResult, StepProgress, TerminateRequest } from './run.js';
export { EXIT_HOOK_TIMEOUT, EXIT_HOOKS_MEMO, exitHooksFor, LONGEST_EXIT_HOOK } from './exit-hooks.js';
export type { ExitHookInput, ExitHookReport, ExitHookResult, ExitHooks } from './exit-hooks.js';
export { SEARCH_ATTRIBUTES, searchAttributesOf } from './search-attributes.js';
export type { SearchAttributeName, SearchAttributeValues } from './search-attributes.js';
export { EVENT_SIGNAL, finishNames, parametersOf, TRIGGER_WORKFLOW } from './triggers.js';
export type { ArrivedEvent, FlowTriggers, TriggerEvent, TriggerSource } from './triggers.js';
export { addCompensation, compensationCounts, MAX_NAMES } from './compensation.js';
export type { CompensateOptions, Compensation } from './compensation.js';
export { CONFIG_VERSION, taskQueueOf } from './config.js';
export type { CodePackage, FlowConfig, ParameterSpec } from './config.js';
export {
  deploymentOfSchedule,
  SCHEDULE_DEFAULTS,
  SCHEDULE_OVERLAPS,
  SCHEDULE_PREFIX,
  scheduleIdOf,
  schedulePolicies,
} from './schedule.js';
export type { FlowSchedule, ScheduleOverlap, SchedulePolicies } from './schedule.js';
export { canonicalJson } from './canonical.js';
