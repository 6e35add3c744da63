export { connect, connectWorker } from './connection/connect.js';
export type { Connected, WorkerConnected } from './connection/connect.js';
export { loadDataConverter } from './connection/data-converter.js';
export { resolveConnection } from './connection/flags.js';
export type { ConnectionFlags, ResolvedConnection } from './connection/flags.js';
export {
  checkNamespace,
  deleteDeployment,
  listDeployments,
  readDeployment,
  recordDeployment,
  scheduleIdOf,
} from './deployment/record.js';
export type { DeploymentRecord, DeploymentSummary, ReadOptions, Recorded } from './deployment/record.js';
export { createAnnouncer } from './events/announce.js';
export { formatPublished, givenPayload, publishCommand } from './events/command.js';
export type { PublishCommand } from './events/command.js';
export type { EventToPublish } from './events/event.js';
export { createPublisher, publishEvent } from './events/publish.js';
export type { EventRefusal, EventRun, Published, Publisher, PublisherOptions } from './events/publish.js';
export { newWorkflowId, startRun } from './run/start.js';
export { endAbandonedRuns, PRIVATE_QUEUE, thisProcess } from './run/abandoned.js';
export { memoOf } from './run/memo.js';
export type { RunMemo, RunOwner } from './run/memo.js';
export type { StartedRunInfo, StartOptions } from './run/start.js';
export { fetchProgress, mergeProgress } from './run/progress.js';
export { isPolled } from './run/pollers.js';
export { describeRun } from './run/describe.js';
export type { RunDescription } from './run/describe.js';
export { cancelRun, suspendRun, terminateCompensated, terminateRun, unsuspendRun } from './run/end.js';
export type { AskedRun } from './run/end.js';
export { findRun } from './run/find.js';
export { givenParameters } from './run/given.js';
export { listRuns, RUN_STATUSES } from './run/list.js';
export type { RunFilter } from './run/list.js';
export { readLogs } from './run/logs.js';
export type { LogsOf, LogsQuery } from './run/logs.js';
export { checkSize } from './run/size.js';
export { summaryOf } from './run/summary.js';
export type { RunSummary } from './run/summary.js';
export { triggerRun } from './run/trigger.js';
export type { Triggered, TriggerJob, TriggerScreen } from './run/trigger.js';
export { watchRun } from './run/watch.js';
export type { WatchOptions } from './run/watch.js';
export { describeOutcome, exitStatusOf, outcomeOfFailure } from './run/outcome.js';
export type { RunOutcome, RunRef, RunStatus } from './run/outcome.js';
export { runErrorOf } from './run/failure.js';
export type { RunError } from './run/failure.js';
export { createProgressDisplay } from './display/display.js';
export type { DisplayOptions, ProgressDisplay } from './display/display.js';
export { colorsFor, formatDuration } from './display/format.js';
export type { Colors, OutputStream } from './display/format.js';
export { formatOutcome, readingCode } from './display/outcome.js';
export { compensationLines, incompleteLine } from './display/compensation.js';
export { asShown, logFormatter } from './display/logs.js';
export { createMetaflowWorker, runWorker } from './worker/flow-worker.js';
export type { MetaflowWorker, MetaflowWorkerOptions } from './worker/flow-worker.js';
export { createDeploymentServer, serveDeployments } from './serve/serve.js';
export type { ServeOptions, ServeReady, Serving } from './serve/options.js';
export type { WorkerSettings } from './worker/settings.js';
export { defaultMaxWorkers } from './worker/capacity.js';
export { createTemporalWorker } from './worker/temporal-worker.js';
export type { TemporalWorkerOptions } from './worker/temporal-worker.js';
export { installRuntime } from './worker/temporal-runtime.js';
export type { RuntimeSettings } from './worker/temporal-runtime.js';
export type { Logger } from './worker/logger.js';
export { openWorkerService } from './service/service.js';
export type { WorkerService } from './service/service.js';
export { startHealthServer } from './service/health.js';
export type { DeploymentHealth, HealthReport, HealthServer, HealthSource, WorkerState } from './service/health.js';
export { healthOfWorker, isConnected } from './service/worker-health.js';
export { renderWorkerFile } from './render/render.js';
export type { RenderOptions } from './render/render.js';
export { prebuiltWorkflowBundle } from './assets.js';
