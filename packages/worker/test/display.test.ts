import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  colorsFor,
  createProgressDisplay,
  formatDuration,
  formatOutcome,
  logFormatter,
  mergeProgress,
  type OutputStream,
} from '../src/index.js';
import { asShown } from '../src/display/logs.js';
import { liveTable } from '../src/display/live.js';
import { stepOrder, stepRows } from '../src/display/steps.js';
import { graph, progress } from './support/graphs.js';

const plainColors = colorsFor({ write: () => true });
const NOW = 20_000;

function sink(extra: Partial<OutputStream> = {}): OutputStream & { text: string } {
  const stream = { text: '', ...extra, write: (chunk: string) => ((stream.text += chunk), true) };
  return stream;
}

describe('plain lines', () => {
  test('one when a step starts, one when it is over, none for a look that brought nothing', () => {
    const stream = sink();
    const display = createProgressDisplay(stream, graph, { now: () => NOW, env: {} });
    display.update(progress({ start: [0, 1, 1, 0, 1000] }));
    display.update(progress({ start: [0, 1, 1, 0, 1000] }));
    display.update(progress({ start: [1, 1, 0, 0, 1000, 1400], a: [0, 1, 1, 0, 1400], b: [0, 1, 1, 0, 1400] }));
    display.update(progress({ start: [1, 1, 0, 0, 1000, 1400], a: [1, 1, 0, 0, 1400, 1900], b: [0, 1, 1, 0, 1400] }));
    display.log('[a] hello');
    display.update(
      progress({
        start: [1, 1, 0, 0, 1000, 1400],
        a: [1, 1, 0, 0, 1400, 1900],
        b: [1, 1, 0, 0, 1400, 2000],
        join: [1, 1, 0, 0, 2000, 2100],
        fan: [1, 1, 0, 0, 2100, 2200],
        body: [7, 100, 16, 0, 2200],
      }),
    );
    display.update(
      progress(
        {
          start: [1, 1, 0, 0, 1000, 1400],
          a: [1, 1, 0, 0, 1400, 1900],
          b: [1, 1, 0, 0, 1400, 2000],
          join: [1, 1, 0, 0, 2000, 2100],
          fan: [1, 1, 0, 0, 2100, 2200],
          body: [98, 100, 0, 2, 2200, 9900],
        },
        'failed',
      ),
    );
    display.finish();
    expect(stream.text).toMatchInlineSnapshot(`
      "start: started
      start: done, 1 task in 0.4s
      a: started
      b: started
      a: done, 1 task in 0.5s
      [a] hello
      b: done, 1 task in 0.6s
      join: done, 1 task in 0.1s
      fan: done, 1 task in 0.1s
      body: started
      body: failed, 2 of 100 tasks in 7.7s
      "
    `);
  });

  test('a step whose count is momentarily full is not done while a step before it runs', () => {
    const stream = sink();
    const display = createProgressDisplay(stream, graph, { now: () => NOW, env: {} });
    const before = {
      start: [1, 1] as [number, number],
      a: [1, 1] as [number, number],
      b: [1, 1] as [number, number],
      join: [1, 1] as [number, number],
    };
    display.update(progress({ ...before, fan: [0, 1, 1], body: [3, 3] }));
    expect(stream.text).not.toContain('body: done');
    display.update(progress({ ...before, fan: [1, 1], body: [9, 9] }));
    expect(stream.text).toContain('body: done, 9 tasks');
  });
});

test('steps come in the order of a run, branches together, whatever the order of the config', () => {
  const nodes = Object.fromEntries(Object.entries(graph.nodes).sort(([a], [b]) => (a < b ? -1 : 1)));
  expect(stepOrder({ ...graph, nodes })).toEqual(['start', 'a', 'b', 'join', 'fan', 'body', 'gather', 'end']);
});

describe('live table', () => {
  const rows = stepRows(
    graph,
    progress({
      start: [1, 1, 0, 0, 1000, 1400],
      a: [1, 1, 0, 0, 1400, 1900],
      b: [1, 1, 0, 0, 1400, 2000],
      join: [1, 1, 0, 0, 2000, 2100],
      fan: [1, 1, 0, 0, 2100, 2200],
      body: [37, 100, 16, 1, 2200],
    }),
    NOW,
  );

  test('a row a step, columns aligned', () => {
    expect(liveTable(rows, 0, 40, plainColors)).toMatchInlineSnapshot(`
      "✔ start      1/1    0.4s
      ✔ a          1/1    0.5s
      ✔ b          1/1    0.6s
      ✔ join       1/1    0.1s
      ✔ fan        1/1    0.1s
      ⠋ body    37/100   17.8s  16 running  1 failed
      · gather
      · end   "
    `);
  });

  test('on a low terminal what runs stays, and the rest is counted', () => {
    expect(liveTable(rows, 1, 4, plainColors)).toMatchInlineSnapshot(`
      "✔ join     1/1    0.1s
      ✔ fan      1/1    0.1s
      ⠙ body  37/100   17.8s  16 running  1 failed
        … 5 more steps"
    `);
  });

  test('steps that were never reached are skipped once the run is over', () => {
    const over = stepRows(graph, progress({ start: [0, 1, 0, 1, 1000, 1400] }, 'failed'), NOW);
    expect(over.map((row) => row.state)).toEqual([
      'failed',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
      'skipped',
    ]);
  });

  test('draws over itself, lets log lines through above, and leaves the last state', () => {
    const stream = sink({ isTTY: true, columns: 80, rows: 24 });
    const display = createProgressDisplay(stream, graph, { now: () => NOW, env: {} });
    expect(display.pollInterval).toBeLessThanOrEqual(250);
    display.update(progress({ start: [0, 1, 1, 0, 1000] }));
    display.log('[start] hello');
    display.update(progress({ start: [1, 1, 0, 0, 1000, 1400] }, 'completed'));
    display.finish();
    display.finish();
    expect(stream.text).toContain('\u001B[');
    const text = stripVTControlCharacters(stream.text);
    expect(text).toContain('[start] hello\n');
    expect(text.trimEnd()).toMatch(/✔ start {3}1\/1 {4}0\.4s[^✔]*$/);
  });
});

describe('colours', () => {
  const tty = { write: () => true, isTTY: true };
  test.each([
    [tty, {}, true],
    [tty, { NO_COLOR: '1' }, false],
    [tty, { NO_COLOR: '' }, true],
    [tty, { TERM: 'dumb' }, false],
    [{ write: () => true }, {}, false],
    [{ write: () => true }, { FORCE_COLOR: '1' }, true],
    [{ write: () => true }, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ])('%#', (stream, env, expected) => expect(colorsFor(stream, env).isColorSupported).toBe(expected));
});

test('durations', () => {
  expect([0, 950, 59_999, 83_000, 3_723_000].map(formatDuration)).toEqual(['0.0s', '0.9s', '59.9s', '1m 23s', '1h 2m']);
});

test('log lines carry the task, and the attempt where it is not the first', () => {
  const line = {
    flow: 'F',
    run: 'r',
    step: 'train',
    label: 'train[3]',
    taskId: 't',
    stream: 'stdout' as const,
    line: 'hello',
    time: 0,
  };
  const format = logFormatter(plainColors);
  expect(format({ ...line, attempt: 0 })).toBe('[train[3]] hello');
  expect(format({ ...line, attempt: 2 })).toBe('[train[3] retry 2] hello');
});

test('counts of children are added', () => {
  const parent = { ...progress({ fan: [1, 1], body: [0, 0] }), children: ['c1', 'c2'] };
  const merged = mergeProgress(parent, [
    progress({ body: [5, 10, 2, 0, 300, 500] }),
    progress({ body: [1, 10, 3, 1, 200, 600], inner: [1, 2] }),
  ]);
  expect(merged.steps).toEqual({
    fan: { done: 1, total: 1, running: 0, failed: 0 },
    body: { done: 6, total: 20, running: 5, failed: 1, started: 200, ended: 600 },
    inner: { done: 1, total: 2, running: 0, failed: 0 },
  });
  expect(parent.steps['body']).toEqual({ done: 0, total: 0, running: 0, failed: 0 });
});

describe('outcome', () => {
  const names = {
    pathspec: 'HelloFlow/temporal-HelloFlow-1',
    runId: 'temporal-HelloFlow-1',
    workflowId: 'HelloFlow-1',
  };
  test('a completed run says how to read it', () => {
    expect(formatOutcome({ status: 'completed', ...names }, plainColors)).toMatchInlineSnapshot(`
      "✔ HelloFlow/temporal-HelloFlow-1 completed
        Read it:  python -c 'import metaflow; metaflow.namespace(None); print(metaflow.Run("HelloFlow/temporal-HelloFlow-1").data)'"
    `);
  });

  test('a failed step shows its traceback, and its message once', () => {
    const traceback = 'Traceback (most recent call last):\n  File "f.py", line 1, in train\nValueError: no';
    expect(
      formatOutcome(
        {
          status: 'failed',
          ...names,
          error: { step: 'train', type: 'ValueError', message: 'ValueError: no', traceback },
        },
        plainColors,
      ),
    ).toMatchInlineSnapshot(`
      "✖ HelloFlow/temporal-HelloFlow-1 failed

      Traceback (most recent call last):
        File "f.py", line 1, in train
      ValueError: no
      Step train failed.

        What it left:  python -c 'import metaflow; metaflow.namespace(None); [print(t, t.data) for s in metaflow.Run("HelloFlow/temporal-HelloFlow-1") for t in s]'"
    `);
  });
});

test.each([
  ['\r1/50\r2/50', '2/50'],
  ['done\r', 'done'],
  ['\u001b[31mred\u001b[0m \u001b[2J\u001b[Hwiped', '\u001b[31mred\u001b[0m wiped'],
  ['\u001b]0;title\u0007a\u0000b\tc', 'ab\tc'],
])('of what a task prints, %j is shown as %j', (line, shown) => {
  expect(asShown(line)).toBe(shown);
});
