import { compileFlow, configHash } from '@mft/compiler';
import { FAILURE, type FlowConfig, type InputRun } from '@mft/graph';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStepActivities, type StepRunner, type TaskLogLine } from '../src/index.js';
import type { ScriptInput, ScriptOutcome, ScriptTask } from './fixtures/workflows.js';
import { FLOWS, freshMetaflow } from './support/metaflow.js';
import { processesWith, running, until } from './support/processes.js';
import { bundleWorkflows, startServer } from './support/server.js';

const metaflow = freshMetaflow();
let server: TestWorkflowEnvironment;
let code: string;
const closers: (() => Promise<void>)[] = [];
const lines: TaskLogLine[] = [];
let number = 0;

/** A worker for one of the test flows, of this process. */
async function serve(
  file: string,
  mode: 'fork' | 'spawn' = 'fork',
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

const of = (step: string): InputRun => ({ step, index: [], visit: 0 });
const begin = (step = 'start'): ScriptTask => ({ step, inputs: [of('_parameters')] });
const noted = (name: string): string[] => readFileSync(join(metaflow.folder, name), 'utf8').trim().split('\n');

beforeAll(async () => {
  [server, code] = await Promise.all([startServer(), bundleWorkflows()]);
});
afterAll(async () => {
  for (const close of closers) await close();
  await server.teardown();
  const left = processesWith(metaflow.folder);
  metaflow.remove();
  expect(left).toEqual([]);
});

describe.each(['fork', 'spawn'] as const)('a linear flow, by %s', (mode) => {
  let queue: string;
  let outcome: ScriptOutcome;

  beforeAll(async () => {
    ({ queue } = await serve('linear.py', mode));
    outcome = await run(queue, {
      params: { greeting: 'hej', count: 2 },
      stages: [[begin()], [{ step: 'middle', inputs: [of('start')] }], [{ step: 'end', inputs: [of('middle')] }]],
    });
  });

  it('returns where each task is and how to fetch it', () => {
    expect(outcome.failure).toBeUndefined();
    const path = `LinearFlow/${outcome.runId}/start/temporal-start-0`;
    expect(outcome.results[0]).toMatchObject({ pathspec: path, attempt: 0, transition: {} });
    expect(outcome.results[0]!.artifacts).toContain('x');
    expect(outcome.results[0]!.fetch).toMatch(new RegExp(`^metaflow\\.Task\\("${path}"\\)\\.data\\.\\w+$`));
  });

  it("is found by Metaflow's client", async () => {
    const answer = await metaflow.ask(`
run = Run("LinearFlow/${outcome.runId}")
answer = {
    "finished": run.finished, "successful": run.successful, "y": run["middle"].task.data.y, "attempt": run.data.attempt,
    "greeting": run["start"].task.data.greeting, "count": run["start"].task.data.count, "tag": "test:yes" in run.user_tags,
    "runtime": "runtime:temporal" in run.system_tags, "end": run.end_task.id,
}`);
    expect(answer).toEqual({
      finished: true,
      successful: true,
      y: 2,
      attempt: 0,
      greeting: 'hej',
      count: 2,
      tag: true,
      runtime: true,
      end: 'temporal-end-0',
    });
  });

  it('streams and stores what the task printed', async () => {
    const own = lines.filter((line) => line.run === outcome.runId && line.step === 'start');
    const printed = (stream: string): string[] => own.filter((line) => line.stream === stream).map((line) => line.line);
    expect(printed('stdout')).toEqual(['hej wörld 🙂', 'hej wörld 🙂', 'no newline']);
    expect(printed('stderr')).toEqual(['a warning']);
    expect(own[0]).toMatchObject({ flow: 'LinearFlow', label: 'start', taskId: 'temporal-start-0', attempt: 0 });
    const stored = await metaflow.ask<string[]>(
      `t = Task("${outcome.results[0]!.pathspec}")\nanswer = [t.stdout, t.stderr]`,
    );
    expect(stored.map((text) => text.trimEnd())).toEqual(['hej wörld 🙂\nhej wörld 🙂\nno newline', 'a warning']);
  });

  it('refuses parameters as Metaflow does', async () => {
    const { failure } = await run(queue, { params: { count: 'many' }, stages: [[begin()]] });
    expect(failure).toMatchObject({ type: FAILURE.start });
    expect(failure!.message).toMatch(/many/);
  });

  it('refuses a run id that another execution has', async () => {
    const input = { stages: [[begin()]] };
    const first = await (await start(queue, input, `taken-${mode}`)).result();
    expect(first.failure).toBeUndefined();
    const second = await (await start(queue, input, `taken-${mode}`)).result();
    expect(second.failure).toMatchObject({ type: FAILURE.start });
    expect(second.failure!.message).toContain(`temporal-taken-${mode}`);
  });
});

describe('a foreach', () => {
  it('runs by index, and its join sees the items in order', async () => {
    const { queue } = await serve('fan.py');
    const body = (index: number): ScriptTask => ({
      step: 'body',
      index: [index],
      splitIndex: index,
      inputs: [of('start')],
    });
    const outcome = await run(queue, {
      stages: [
        [begin()],
        [body(0), body(1), body(2)],
        [{ step: 'join', joinType: 'foreach', inputs: [{ step: 'body', index: [], visit: 0, from: 0, to: 3 }] }],
        [{ step: 'end', inputs: [of('join')] }],
      ],
    });
    expect(outcome.failure).toBeUndefined();
    expect(outcome.results[0]!.transition).toEqual({ splits: 3 });
    const answer = await metaflow.ask(`
run = Run("FanFlow/${outcome.runId}")
answer = {"all": run["join"].task.data.all, "indices": sorted(t.index for t in run["body"]), "ids": sorted(t.id for t in run["body"]), "finished": run.finished}`);
    expect(answer).toEqual({
      all: ['aa', 'bb', 'cc'],
      indices: [0, 1, 2],
      ids: ['temporal-body-0-0', 'temporal-body-1-0', 'temporal-body-2-0'],
      finished: true,
    });
    expect(
      lines.filter((line) => line.run === outcome.runId && line.label === 'body[1]').map((line) => line.line),
    ).toEqual(['item b']);
  });
});

describe('num_parallel', () => {
  it('runs one control task, which names its siblings', async () => {
    const { queue } = await serve('parallel.py');
    const control = `temporal-work-0`;
    const first = await run(queue, {
      stages: [[begin()], [{ step: 'work', splitIndex: 0, parallel: 'control', inputs: [of('start')] }]],
    });
    expect(first.failure).toBeUndefined();
    expect(first.results[0]!.transition).toEqual({ splits: 3 });
    const { mappers } = first.results[1]!.transition;
    expect(mappers).toHaveLength(3);
    expect(mappers![0]).toBe(control);
    const ranks = await metaflow.ask<number[]>(
      `answer = [Task("ParallelFlow/${first.runId}/work/" + id).data.rank for id in ${JSON.stringify(mappers)}]`,
    );
    expect(ranks).toEqual([0, 1, 2]);
  });
});

describe('the start of a run', () => {
  it('may be repeated by the execution that began it, on any worker, and by no other', async () => {
    const one = await serve('linear.py', 'fork');
    const another = await serve('linear.py', 'fork');
    const input = { hash: configHash(one.config), runId: 'temporal-Repeated-1', params: { greeting: 'a' }, tags: [] };
    const begin = (runner: StepRunner, runId: string) =>
      new MockActivityEnvironment({ workflowExecution: { workflowId: 'Repeated-1', runId } }).run(
        runner.activities.startMetaflowRun,
        input,
      );
    const pathspec = 'LinearFlow/temporal-Repeated-1';
    expect(await begin(one.runner, 'first')).toEqual({ pathspec });
    expect(await begin(one.runner, 'first')).toEqual({ pathspec });
    expect(await begin(another.runner, 'first')).toEqual({ pathspec });
    const taken = { type: FAILURE.start, nonRetryable: true, details: [{ code: 'RUN_ID_TAKEN' }] };
    // Where its planner is there, where it is not, and after its end.
    await expect(begin(one.runner, 'second')).rejects.toMatchObject(taken);
    const third = await serve('linear.py', 'fork');
    await expect(begin(third.runner, 'second')).rejects.toMatchObject(taken);
    await one.runner.activities.finishMetaflowRun({ hash: input.hash, runId: input.runId, status: 'completed' });
    await one.runner.activities.finishMetaflowRun({ hash: input.hash, runId: input.runId, status: 'completed' });
    await expect(begin(one.runner, 'second')).rejects.toMatchObject(taken);
    expect(await metaflow.ask(`answer = [s.id for s in Run("${pathspec}").steps()]`)).toEqual([]);
  });
});

describe('attempts', () => {
  let queue: string;
  beforeAll(async () => {
    ({ queue } = await serve('attempts.py'));
  });
  const one = (step: string, heartbeatTimeout = 30_000): Promise<ScriptOutcome> =>
    run(queue, { heartbeatTimeout, stages: [[begin()], [{ step, inputs: [of('start')] }]] });

  it("have Metaflow's numbers, and do not wait where they are told not to", async () => {
    const begun = performance.now();
    const outcome = await one('flaky');
    expect(outcome.failure).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(noted('flaky')).toEqual(['0', '1', '2']);
    expect(outcome.results[1]).toMatchObject({ attempt: 2 });
    const answer = await metaflow.ask(`
t = Task("${outcome.results[1]!.pathspec}")
answer = {"seen": t.data.seen, "attempt": t.current_attempt, "out": [Task("${outcome.results[1]!.pathspec}", attempt=i).stdout.strip() for i in range(3)], "failed": Task("${outcome.results[1]!.pathspec}", attempt=0).successful}`);
    expect(answer).toEqual({ seen: 2, attempt: 2, out: ['attempt 0', 'attempt 1', 'attempt 2'], failed: false });
  });

  it("end with the user's own exception", async () => {
    const { failure, runId } = await one('hopeless');
    expect(noted('hopeless')).toEqual(['0', '1']);
    expect(failure).toMatchObject({
      kind: 'failed',
      type: FAILURE.step,
      message: "KeyError: 'nothing helps'",
      details: [
        { pathspec: `AttemptsFlow/${runId}/hopeless/temporal-hopeless-0`, step: 'hopeless', attempt: 1, exitCode: 1 },
      ],
    });
    expect(failure!.stack).toMatch(
      /^Traceback \(most recent call last\):\n {2}File ".*attempts\.py", line \d+, in hopeless\n/,
    );
    expect(failure!.stack).not.toContain('metaflow_extensions');
    expect(failure!.stack!.endsWith("KeyError: 'nothing helps'")).toBe(true);
    const answer = await metaflow.ask(`
t = Task("AttemptsFlow/${runId}/hopeless/temporal-hopeless-0")
answer = {"exception": str(t.exception), "successful": t.successful, "partial": t.data.partial, "stderr": "KeyError" in t.stderr}`);
    expect(answer).toMatchObject({ successful: false, partial: 'written', stderr: true });
  });

  it('are one under @retry(times=0)', async () => {
    const { failure } = await one('never');
    expect(noted('never')).toEqual(['0']);
    expect(failure).toMatchObject({ type: FAILURE.step, message: 'RuntimeError: once only' });
  });

  it('stop where @catch takes the exception', async () => {
    const outcome = await one('caught');
    expect(outcome.failure).toBeUndefined();
    expect(noted('caught')).toEqual(['0', '1']);
    const answer = await metaflow.ask(`answer = str(Task("${outcome.results[1]!.pathspec}").data.problem.exception)`);
    expect(answer).toContain('to be caught');
  });

  it("reach @catch's fallback after a process that was killed", async () => {
    const outcome = await one('killed');
    expect(outcome.failure).toBeUndefined();
    expect(outcome.results[1]).toMatchObject({ attempt: 1 });
    expect(await metaflow.ask(`answer = Task("${outcome.results[1]!.pathspec}").data.problem is not None`)).toBe(true);
  });

  it('end by @timeout', async () => {
    const { failure } = await one('slow');
    expect(failure).toMatchObject({ type: FAILURE.step });
    expect(failure!.message).toContain('TimeoutException');
  });

  it('end by @timeout within @catch', async () => {
    const outcome = await one('slow_caught');
    expect(outcome.failure).toBeUndefined();
    expect(await metaflow.ask(`answer = str(Task("${outcome.results[1]!.pathspec}").data.problem)`)).toContain(
      'Timeout',
    );
  });

  it('stop at the exit status that forbids another', async () => {
    const { failure } = await one('exits');
    expect(noted('exits')).toEqual(['0']);
    expect(failure).toMatchObject({ type: FAILURE.step, details: [{ exitCode: 202, attempt: 0 }] });
  });

  it('see @environment', async () => {
    const outcome = await one('settings');
    expect(outcome.failure).toBeUndefined();
    expect(await metaflow.ask(`answer = Task("${outcome.results[1]!.pathspec}").data.colour`)).toBe('green');
  });
});

describe('cancel', () => {
  it('ends the task and all that it started, and says so', async () => {
    const { queue } = await serve('sleeper.py');
    const handle = await start(queue, {
      heartbeatTimeout: 5000,
      stages: [[{ step: 'stubborn', inputs: [of('_parameters')] }]],
    });
    const writer = await until(() => lastPid('sleeper.stubborn.writes'), 'the grandchild to write');
    const task = Number(noted('sleeper.stubborn.attempts')[0]!.split(' ')[1]);
    expect(running(task)).toBe(true);
    const pending = await until(() => lines.find((line) => line.line === 'sleeping'), 'its output');
    expect(pending.label).toBe('stubborn');
    // What Temporal's UI shows of it meanwhile.
    let report: unknown;
    for (let tries = 0; tries < 50 && !JSON.stringify(report ?? '').includes('sleeping'); tries++) {
      const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
      const [payload] = activity?.heartbeatDetails?.payloads ?? [];
      if (payload) report = defaultPayloadConverter.fromPayload(payload);
      await sleep(200);
    }
    expect(report).toEqual({ failures: 0, pid: task, lastLine: 'sleeping' });
    await handle.cancel();
    const outcome = await handle.result();
    expect(outcome.failure).toMatchObject({ kind: 'cancelled' });
    expect([task, writer].filter(running)).toEqual([]);
    const size = noted('sleeper.stubborn.writes').length;
    await sleep(300);
    expect(noted('sleeper.stubborn.writes')).toHaveLength(size);
  });
});

function lastPid(name: string): number | undefined {
  try {
    return Number(noted(name).at(-1)) || undefined;
  } catch {
    return undefined;
  }
}
