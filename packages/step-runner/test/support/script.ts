import { compileFlow, configHash } from '@mft/compiler';
import type { FlowConfig, InputRun } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { createStepActivities, type StepRunner, type StepRunnerOptions, type TaskLogLine } from '../../src/index.js';
import type { ScriptInput, ScriptOutcome, ScriptTask } from '../fixtures/workflows.js';
import { FLOWS, freshMetaflow } from './metaflow.js';
import { processesWith, until } from './processes.js';
import { bundleWorkflows, startServer } from './server.js';

/** The one task of a step outside every foreach, as another's input. */
export const of = (step: string): InputRun => ({ step, index: [], visit: 0 });

/** A flow's first task. */
export const begin = (step = 'start'): ScriptTask => ({ step, inputs: [of('_parameters')] });

/**
 * A Metaflow, a Temporal server, and workers of this process that run tasks as a script tells them. Set up before the tests of a file,
 * gone after them; what is left of the processes then fails the file.
 */
export function scriptWorld() {
  const metaflow = freshMetaflow();
  /** Whatever tasks printed. */
  const lines: TaskLogLine[] = [];
  const closers: (() => Promise<void>)[] = [];
  let server: TestWorkflowEnvironment;
  let code: string;
  let number = 0;

  beforeAll(async () => {
    [server, code] = await Promise.all([startServer(), bundleWorkflows()]);
  });
  afterAll(async () => {
    for (const close of closers) await close();
    await server.teardown();
    // What a launcher leaves behind ends a moment after it.
    await until(() => processesWith(metaflow.folder).length === 0, 'the end of every process', 5000).catch(
      () => undefined,
    );
    const left = processesWith(metaflow.folder);
    metaflow.remove();
    expect(left).toEqual([]);
  });

  /** A worker for one of the test flows, of this process. */
  async function serve(
    file: string,
    mode: 'fork' | 'spawn' = 'fork',
    more: Partial<StepRunnerOptions> = {},
  ): Promise<{ config: FlowConfig; runner: StepRunner; queue: string }> {
    const config = await compileFlow(join(FLOWS, file), {
      python: metaflow.python,
      env: metaflow.env,
      tags: ['test:yes'],
    });
    const runner = createStepActivities({
      config,
      hash: configHash(config),
      python: metaflow.python,
      env: metaflow.env,
      cacheDirectory: join(metaflow.folder, 'cache'),
      mode,
      grace: 1,
      onLog: (line) => lines.push(line),
      // Refusals are expected here, with all that Metaflow has to say about them.
      onLauncherLog: () => undefined,
      ...more,
    });
    await runner.start();
    const queue = `${file}-${mode}-${++number}`;
    const worker = await Worker.create({
      connection: server.nativeConnection,
      taskQueue: queue,
      workflowBundle: { code },
      activities: { ...runner.activities },
      maxHeartbeatThrottleInterval: 500,
      defaultHeartbeatThrottleInterval: 500,
    });
    const run = worker.run();
    closers.push(async () => {
      worker.shutdown();
      await run;
      await runner.close(1000);
    });
    return { config, runner, queue };
  }

  function start(queue: string, input: ScriptInput, workflowId = `Script-${++number}`) {
    return server.client.workflow.start<(input: ScriptInput) => Promise<ScriptOutcome>>('script', {
      taskQueue: queue,
      workflowId,
      args: [input],
    });
  }

  async function run(queue: string, input: ScriptInput): Promise<ScriptOutcome> {
    return (await start(queue, input)).result();
  }

  /** Lines of a file that tasks wrote to. */
  const noted = (name: string): string[] => readFileSync(join(metaflow.folder, name), 'utf8').trim().split('\n');

  return { metaflow, lines, serve, start, run, noted };
}
