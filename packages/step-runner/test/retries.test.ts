import { FAILURE } from '@mft/graph';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ScriptOutcome } from './fixtures/workflows.js';
import { begin, of, scriptWorld } from './support/script.js';

const { metaflow, serve, run, noted } = scriptWorld();

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
