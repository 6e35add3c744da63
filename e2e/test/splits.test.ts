import { readFileSync } from 'node:fs';
import path from 'node:path';
import { extensionPath } from '@mft/metaflow-extension';
import { describe, expect, it } from 'vitest';
import { MFT, ROOT } from '../lib/paths.mjs';
import { lastJson } from '../lib/process.mjs';
import { startWorker } from '../lib/worker.mjs';
import { ask, useBench } from './support.js';

/** `--max-num-splits`, beside Metaflow's own. */

const FLOW = path.join(ROOT, 'e2e/bench/flows/wide.py');
const TOO_MANY =
  'Foreach in step *start* yielded 5 child steps which is more than the current maximum of 3 children. ' +
  'You can raise the maximum with the --max-num-splits option.';
/** Whether the run and its first task were successful, and tasks by step. */
const LEFT = '[run.successful, run["start"].task.successful, {s.id: len(list(s)) for s in run}]';
const REFUSED = [false, true, { start: 1 }];
const WHOLE = [true, true, { start: 1, body: 5, join: 1, end: 1 }];

const bench = useBench({ PYTHONPATH: extensionPath(), MFT_CLI: MFT });

/** Metaflow's own command, and what its run left. */
async function theirs(...words: string[]) {
  const plain = await bench.python(FLOW, '--no-pylint', ...words, '--run-id-file', 'run-id');
  const runId = readFileSync(path.join(bench.directory, 'run-id'), 'utf8').trim();
  return {
    status: plain.status,
    output: plain.stdout + plain.stderr,
    left: await ask(bench, `WideFlow/${runId}`, LEFT),
    runId,
  };
}

describe('a foreach over more items than --max-num-splits', () => {
  it('fails a run of mft run as one of metaflow run, before the first of its tasks; one over as many does not', async () => {
    for (const [most, expected] of [
      ['3', REFUSED],
      ['5', WHOLE],
    ] as const) {
      const plain = await theirs('run', '--width', '5', '--max-num-splits', most);
      const ours = await bench.mft('run', FLOW, 'width=5', '--max-num-splits', most, '--json');
      const answer = lastJson(ours.stdout)!;
      expect([plain.left, await ask(bench, answer.pathspec, LEFT)]).toEqual([expected, expected]);
      expect([plain.status, ours.status]).toEqual(most === '3' ? [1, 1] : [0, 0]);
      if (most !== '3') continue;
      // Where Metaflow prints them, words between stars are bold.
      expect(plain.output).toContain(TOO_MANY.replaceAll('*', ''));
      expect((await bench.mft('status', answer.runId)).stdout).toContain(`Step start: ${TOO_MANY}`);
      expect(answer.error).toEqual({ step: 'start', type: 'TooManySplits', message: TOO_MANY });
    }
  });

  it('fails runs of a deployment, but not one that is allowed more, nor one that resumes as under metaflow resume', async () => {
    const file = path.join(bench.directory, 'wide_worker.mjs');
    const created = await bench.python(FLOW, 'temporal', 'create', file, '--max-num-splits', '3');
    expect(created.status, created.stderr).toBe(0);
    expect((await bench.mft('show', 'WideFlow')).stdout).toContain('Foreach     3 tasks at most');
    const taskQueue = 'metaflow-WideFlow';
    bench.keep(await startWorker(file, { cwd: bench.directory, env: bench.env, client: bench.client, taskQueue }));
    const failed = await bench.python(FLOW, 'temporal', 'trigger', '--width', '5', '--wait', '--json');
    const origin = lastJson(failed.stdout)!;
    expect([failed.status, origin.error]).toMatchObject([1, { message: TOO_MANY }]);
    const allowed = await bench.node(file, 'trigger', 'width=5', '--max-num-splits', '5', '--json');
    expect(await ask(bench, lastJson(allowed.stdout)!.pathspec, LEFT)).toEqual(WHOLE);

    const plain = await theirs('run', '--width', '5', '--max-num-splits', '3');
    const cloned = '"origin-task-id" in run["start"].task.metadata_dict';
    for (const most of ['3', '5']) {
      const words = ['--origin-run-id', origin.runId, '--max-num-splits', most, '--wait', '--json'];
      const ours = await bench.mft('resume', 'WideFlow', ...words);
      const again = await theirs('resume', '--origin-run-id', plain.runId, '--max-num-splits', most);
      const { pathspec } = lastJson(ours.stdout)!;
      const expected = most === '3' ? REFUSED : WHOLE;
      expect([again.left, await ask(bench, pathspec, LEFT)]).toEqual([expected, expected]);
      expect([again.status, ours.status]).toEqual(most === '3' ? [1, 1] : [0, 0]);
      expect(await ask(bench, pathspec, cloned)).toBe(true);
    }
  });

  it('and no number that allows none', async () => {
    for (const words of [
      ['run', FLOW],
      ['create', FLOW],
      ['trigger', 'WideFlow'],
    ]) {
      const { status, stderr } = await bench.mft(...words, '--max-num-splits', '0');
      expect(stderr).toContain('[INVALID_OPTION]: --max-num-splits must be a whole number, 1 or more, not "0".');
      expect(status).toBe(2);
    }
  });
});
