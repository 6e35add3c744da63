import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFlow, configHash } from '@mft/compiler';
import { FAILURE, type FlowConfig } from '@mft/graph';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepActivities, type StepRunner } from '../src/index.js';
import type { ScriptInput, ScriptOutcome } from './fixtures/workflows.js';
import { FLOWS, freshMetaflow } from './support/metaflow.js';
import { bundleWorkflows, startServer } from './support/server.js';

const metaflow = freshMetaflow();
const file = join(metaflow.folder, 'linear.py');
let server: TestWorkflowEnvironment;
let before: FlowConfig;
let now: FlowConfig;

const compile = (): Promise<FlowConfig> =>
  compileFlow(file, { python: metaflow.python, env: metaflow.env, savePackage: true });

/** A worker of the current deployment whose cache is empty: another machine. */
function runnerWith(cache: string): StepRunner {
  return createStepActivities({
    config: now,
    hash: configHash(now),
    python: metaflow.python,
    env: metaflow.env,
    cacheDirectory: join(metaflow.folder, cache),
  });
}

beforeAll(async () => {
  server = await startServer();
  copyFileSync(join(FLOWS, 'linear.py'), file);
  before = await compile();
  writeFileSync(file, readFileSync(file, 'utf8').replace('self.x = 1', 'self.x = 100'));
  now = await compile();
  // What is deployed needs no file any more.
  rmSync(file);
});
afterAll(async () => {
  await server.teardown();
  metaflow.remove();
});

describe('an older deployment', () => {
  it('is served by a worker of a newer one, from the datastore alone', async () => {
    expect(configHash(before)).not.toBe(configHash(now));
    const runner = runnerWith('cache');
    const worker = await Worker.create({
      connection: server.nativeConnection,
      taskQueue: 'deployments',
      workflowBundle: { code: await bundleWorkflows() },
      activities: { ...runner.activities },
    });
    const outcomes = await worker.runUntil(async () => {
      const run = (hash?: string): Promise<ScriptOutcome> => {
        const inputs = (step: string) => [{ step, index: [], visit: 0 }];
        const stages = [
          [{ step: 'start', inputs: inputs('_parameters') }],
          [{ step: 'middle', inputs: inputs('start') }],
        ];
        const input: ScriptInput = { stages, ...(hash ? { hash } : {}) };
        return server.client.workflow.execute<(input: ScriptInput) => Promise<ScriptOutcome>>('script', {
          taskQueue: 'deployments',
          workflowId: `Deployed-${hash ?? 'current'}`,
          args: [input],
        });
      };
      return Promise.all([run(), run(configHash(before))]);
    });
    await runner.close(1000);
    expect(outcomes.map((outcome) => outcome.failure)).toEqual([undefined, undefined]);
    const values = await metaflow.ask(
      `answer = [Task(p).data.y for p in ${JSON.stringify(outcomes.map((outcome) => outcome.results[1]!.pathspec))}]`,
    );
    expect(values).toEqual([101, 2]);
    expect(await metaflow.ask(`answer = Task("${outcomes[0]!.results[0]!.pathspec}").code is not None`)).toBe(true);
  });

  it('is fetched once and then kept on disk', async () => {
    const first = runnerWith('kept');
    expect((await first.activities.loadMetaflowPlan({ hash: configHash(before) })).plan).toEqual(before.plan);
    await first.close(0);
    // Without Python it can only come from the disk.
    const second = createStepActivities({
      config: now,
      hash: configHash(now),
      python: '/nowhere/python',
      env: metaflow.env,
      cacheDirectory: join(metaflow.folder, 'kept'),
    });
    expect(await second.activities.loadMetaflowPlan({ hash: configHash(before) })).toMatchObject({
      hash: configHash(before),
    });
    await second.close(0);
  });

  it('that nobody has is refused for good', async () => {
    const runner = runnerWith('cache');
    const environment = new MockActivityEnvironment();
    for (const hash of ['0'.repeat(64), '../../etc/passwd']) {
      const loading = environment.run(runner.activities.loadMetaflowPlan, { hash });
      await expect(loading).rejects.toMatchObject({
        type: FAILURE.start,
        nonRetryable: true,
        details: [{ code: 'CONFIG_NOT_FOUND' }],
      });
      await expect(loading).rejects.toThrow(`There is no deployment of LinearFlow with hash "${hash}".`);
    }
    await runner.close(0);
  });
});
