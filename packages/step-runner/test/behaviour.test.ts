import { configHash } from '@mft/compiler';
import { FAILURE } from '@mft/graph';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StepRunner } from '../src/index.js';
import type { ScriptOutcome, ScriptTask } from './fixtures/workflows.js';
import { begin, of, scriptWorld } from './support/script.js';

const { metaflow, lines, noted, serve, start, run } = scriptWorld();

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
    expect(first.results[0]!.transition).toEqual({ splits: 3, unbounded: true });
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
    const finish = () =>
      new MockActivityEnvironment().run(one.runner.activities.finishMetaflowRun, {
        hash: input.hash,
        runId: input.runId,
        status: 'completed' as const,
      });
    const pathspec = 'LinearFlow/temporal-Repeated-1';
    expect(await begin(one.runner, 'first')).toEqual({ pathspec });
    expect(await begin(one.runner, 'first')).toEqual({ pathspec });
    expect(await begin(another.runner, 'first')).toEqual({ pathspec });
    const taken = { type: FAILURE.start, nonRetryable: true, details: [{ code: 'RUN_ID_TAKEN' }] };
    // Where its planner is there, where it is not, and after its end.
    await expect(begin(one.runner, 'second')).rejects.toMatchObject(taken);
    const third = await serve('linear.py', 'fork');
    await expect(begin(third.runner, 'second')).rejects.toMatchObject(taken);
    await finish();
    await finish();
    await expect(begin(one.runner, 'second')).rejects.toMatchObject(taken);
    expect(await metaflow.ask(`answer = [s.id for s in Run("${pathspec}").steps()]`)).toEqual([]);
  });

  it('sends heartbeats, so that the loss of its worker is noticed', async () => {
    const { config, runner } = await serve('linear.py', 'fork', { heartbeat: 0.01 });
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => beats++);
    const input = { hash: configHash(config), runId: 'temporal-Beating-1', params: {}, tags: [] };
    await environment.run(runner.activities.startMetaflowRun, input);
    expect(beats).toBeGreaterThan(0);
  });
});

describe('the end of a run', () => {
  it('is told to its decorators once, also by a worker that had no part in it', async () => {
    const [one, another] = [await serve('ends.py'), await serve('ends.py')];
    const run = { hash: configHash(one.config), runId: 'temporal-Ends-1' };
    const { startMetaflowRun } = one.runner.activities;
    await new MockActivityEnvironment().run(startMetaflowRun, { ...run, params: {}, tags: [] });
    const { finishMetaflowRun } = another.runner.activities;
    await new MockActivityEnvironment().run(finishMetaflowRun, { ...run, status: 'failed' as const });
    expect(noted('ends.txt')).toEqual(['The run was failed.']);
  });
});
