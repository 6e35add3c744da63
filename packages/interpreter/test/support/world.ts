import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { RunResult } from '@mft/graph';
import { createRunner, type Runner, type RunnerOptions } from './runner.js';

export type History = temporal.api.history.v1.IHistory;

/** The workflows as they are published. */
export const WORKFLOWS = fileURLToPath(new URL('../../dist/workflows.js', import.meta.url));

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** The bundle of the workflows, made once a file. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: new DefaultLogger('WARN') });
  return bundle;
}

/** Keeps Temporal's own chatter out of a test's output. Call before anything native is used. */
export function quiet(): void {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

export interface Run {
  readonly runner: Runner;
  readonly handle: WorkflowHandle<(input?: object) => Promise<RunResult>>;
  readonly workflowId: string;
}

let count = 0;

/** Starts a run with a worker of its own, hands it to `body`, and ends the worker. */
export async function withRun<T>(
  env: TestWorkflowEnvironment,
  options: RunnerOptions & { readonly input?: object; readonly slots?: number },
  body: (run: Run) => Promise<T>,
): Promise<T> {
  const runner = createRunner(options);
  const workflowId = `${options.plan.graph.name}-${(count += 1)}`;
  const taskQueue = `queue-${workflowId}`;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: await workflowBundle(),
    activities: { ...runner.activities },
    maxConcurrentActivityTaskExecutions: options.slots ?? 200,
    maxHeartbeatThrottleInterval: 200,
    defaultHeartbeatThrottleInterval: 200,
  });
  return await worker.runUntil(async () => {
    const handle = await env.client.workflow.start('MetaflowWorkflow', {
      workflowId,
      taskQueue,
      args: options.input === undefined ? [] : [options.input],
      workflowTaskTimeout: 30_000,
    });
    return await body({ runner, handle, workflowId });
  });
}

/** Every execution of a run: the run itself, its continuations, its children and theirs. */
export async function historiesOf(env: TestWorkflowEnvironment, workflowId: string): Promise<Map<string, History>> {
  const histories = new Map<string, History>();
  for await (const { workflowId: id, runId } of env.client.workflow.list({ pageSize: 1000 })) {
    if (id !== workflowId && !id.startsWith(`${workflowId}.`)) continue;
    histories.set(`${id}/${runId}`, await env.client.workflow.getHandle(id, runId).fetchHistory());
  }
  return histories;
}

/** Number of events of the longest history. */
export function longest(histories: Map<string, History>): number {
  return Math.max(...[...histories.values()].map(({ events }) => events?.length ?? 0));
}
