import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastJson } from '../lib/process.mjs';
import { historyOf } from '../lib/temporal.mjs';
import { ask, FLOWS, useBench } from './support.js';

const bench = useBench();

describe('a flow that fails', () => {
  it("exits with 1, shows the user's traceback, and leaves it where Metaflow's client and Temporal's UI look", async () => {
    const result = await bench.mft('run', path.join(FLOWS, 'fails_linear.py'), '--json');
    expect(result.status).toBe(1);
    const answer = lastJson(result.stdout)!;
    expect(answer.status).toBe('failed');
    expect(JSON.stringify(answer.error)).toContain('the reason: 1');
    expect(result.stderr).toContain('raise NoSuchThing("the reason: %d" % self.x)');
    expect(result.stderr).toContain('NoSuchThing: the reason: 1');
    const seen = await ask(
      bench,
      answer.pathspec,
      '[run.successful, run.finished, run["breaks"].task.exception.type, str(run["breaks"].task.exception), run["start"].task.data.x, len(list(run))]',
    );
    expect(seen).toEqual([
      false,
      false,
      expect.stringContaining('NoSuchThing'),
      expect.stringContaining('the reason: 1'),
      1,
      2,
    ]);
    expect(
      await ask(bench, answer.pathspec, '[run["breaks"].task.stdout, "and said so" in run["breaks"].task.stderr]'),
    ).toEqual(['about to fail\n', true]);

    const events = await historyOf(bench.client, answer.workflowId);
    const failed = events.find((event) => event.activityTaskFailedEventAttributes)?.activityTaskFailedEventAttributes
      ?.failure;
    expect(failed?.applicationFailureInfo?.type).toBe('StepFailed');
    expect(`${failed?.message}${failed?.stackTrace}`).toContain('NoSuchThing: the reason: 1');
    expect(`${failed?.message}${failed?.stackTrace}`).toContain('fails_linear.py');
    const ended = events.at(-1)?.workflowExecutionFailedEventAttributes?.failure;
    expect(ended?.message).toContain('the reason: 1');
  });

  it("runs out of retries with Metaflow's attempt numbers", async () => {
    const result = await bench.mft('run', path.join(FLOWS, 'fails_after_retries.py'), '--json');
    expect(result.status).toBe(1);
    const { pathspec } = lastJson(result.stdout)!;
    expect(
      await ask(bench, pathspec, '[run["breaks"].task.data.attempt, run["breaks"].task.metadata_dict["attempt"]]'),
    ).toEqual([2, '2']);
  });

  it("is stopped by an invalid graph before anything starts, in Metaflow's words", async () => {
    const { writeFileSync } = await import('node:fs');
    const file = path.join(bench.directory, 'unjoined.py');
    writeFileSync(
      file,
      [
        'from metaflow import FlowSpec, step',
        'class UnjoinedFlow(FlowSpec):',
        '    @step\n    def start(self):\n        self.next(self.a, self.b)',
        '    @step\n    def a(self):\n        self.next(self.end)',
        '    @step\n    def b(self):\n        self.next(self.end)',
        '    @step\n    def end(self):\n        pass',
        'if __name__ == "__main__":\n    UnjoinedFlow()\n',
      ].join('\n'),
    );
    const result = await bench.mft('run', file);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('Add a join step before *end*');
  });
});
