import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EVENT_SIGNAL, TRIGGER_WORKFLOW } from '@mft/graph';
import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { arrived } from './events.js';
import { createRunner, type RunnerOptions } from './runner.js';
import { SCENARIOS, splits, wide } from './scenarios.js';
import { registerSearchAttributes, startServer } from './server.js';
import { historiesOf, quiet, withRun, workflowBundle } from './world.js';

/*
 * Records the histories that `replay.test.ts` replays: `npm run record -w @mft/interpreter`. Histories recorded earlier stay beside
 * new ones for as long as runs made by that code may be under way: give a scenario a new name rather than record it again.
 */

const FOLDER = new URL('../histories/', import.meta.url);

/** Runs every scenario and writes one file for each of its executions, binary. Answers the names of the files. */
export async function record(only?: (name: string) => boolean): Promise<string[]> {
  quiet();
  const env = await startServer();
  await registerSearchAttributes(env);
  const files: string[] = [];
  try {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      if (only !== undefined && !only(name)) continue;
      const { act, ...options }: RunnerOptions & { act?: (typeof scenario)['act'] } = scenario;
      await withRun(env, options, async (run) => {
        await act?.(run);
        await run.handle.result().catch(() => undefined);
        let part = 0;
        for (const history of [...(await historiesOf(env, run.workflowId)).values()].reverse()) {
          const file = `${name}.${(part += 1)}.bin`;
          const { History } = temporal.api.history.v1;
          writeFileSync(fileURLToPath(new URL(file, FOLDER)), History.encode(History.fromObject(history)).finish());
          files.push(file);
        }
      });
    }
    if (only?.(JOINED) ?? true) files.push(await recordJoined(env));
  } finally {
    await env.teardown();
  }
  return files;
}

/** Name of the scenario of events that are joined: what joins them is no run. */
const JOINED = 'joined';

async function recordJoined(env: TestWorkflowEnvironment): Promise<string> {
  const [taskQueue, workflowId] = ['queue-joined', 'metaflow-trigger.HandFlow'];
  const runner = createRunner({ plan: wide, choose: splits(2) });
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, taskQueue, workflowBundle: await workflowBundle() },
    activities: { ...runner.activities },
  });
  return await worker.runUntil(async () => {
    for (const [name, number] of [['a', 1] as const, ['a', 2] as const, ['b', 1] as const, ['b', 1] as const]) {
      const signalArgs = [arrived(name, number, { taskQueue })];
      const options = { workflowId, taskQueue, args: [], signal: EVENT_SIGNAL, signalArgs };
      await env.client.workflow.signalWithStart(TRIGGER_WORKFLOW, options);
    }
    while (runner.finishes.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
    const { History } = temporal.api.history.v1;
    const file = `${JOINED}.1.bin`;
    writeFileSync(fileURLToPath(new URL(file, FOLDER)), History.encode(History.fromObject(history)).finish());
    return file;
  });
}
