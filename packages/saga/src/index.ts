export {
  beginSaga,
  countEntries,
  describeReport,
  emptySaga,
  isBlock,
  isSettled,
  lastFirst,
  recordBlock,
  recordEntry,
  recordInto,
  reportOf,
  requeue,
  settle,
  takeNext,
} from './log.js';
export type {
  Lanes,
  ReportNames,
  SagaBlock,
  SagaCause,
  SagaEntry,
  SagaFailure,
  SagaItem,
  SagaReport,
  SagaState,
} from './types.js';
export { causeOf } from './failure.js';
export { Saga } from './saga.js';
export type {
  CompensateOptions,
  Compensation,
  CompensationContext,
  Compensations,
  SagaRetry,
  StepData,
  StepOptions,
} from './saga.js';
