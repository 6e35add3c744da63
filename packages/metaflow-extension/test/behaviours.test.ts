import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launcher, Place, Run } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());

describe.each(['fork', 'spawn'])('what a step may do, by %s', (mode) => {
  let launcher: Launcher;
  let run: Run;
  const task = (step: string, code: string) =>
    place.client(
      `t = Task("BehavioursFlow/temporal-b-${mode}/${step}/temporal-${step}-0")\nprint(json.dumps(${code}))`,
    );

  beforeAll(async () => {
    launcher = await place.launch('behaviours.py', { mode });
    run = await Run.open(launcher, `temporal-b-${mode}`);
    expect(await run.start()).not.toHaveProperty('error');
  });

  it('@retry: attempts keep the task id, the error is the user’s own', async () => {
    const first = await run.after('flaky');
    expect(first).toMatchObject({
      ok: false,
      error: { kind: 'failed', type: 'ValueError', message: 'ValueError: not yet', exit_code: 1, retry: true },
    });
    expect(first['error'].traceback).toMatch(/^Traceback[^\n]*\n {2}File "[^"]*behaviours.py"/);
    expect(first['error'].traceback).toContain('raise ValueError("not yet")');
    // Attempt 1 was lost before it began: its marker is written, so that attempt 2 is the one that is read.
    expect(await run.after('flaky', { attempt: 2 })).toMatchObject({ ok: true, attempt: 2 });
    expect(task('flaky', '{"ok": t.successful, "attempt": t.data.attempt, "stderr": t.stderr}')).toEqual({
      ok: true,
      attempt: 2,
      stderr: '',
    });
  });

  it('leaves the exception where Task.exception finds it, and the log of a failure as Metaflow does', async () => {
    expect(await run.after('flaky', { task_id: 'temporal-flaky-1' })).toMatchObject({ ok: false });
    const seen = place.client(`
t = Task("BehavioursFlow/temporal-b-${mode}/flaky/temporal-flaky-1")
print(json.dumps({"exception": str(t.exception), "stderr": t.stderr, "ok": t.successful}))`);
    expect(seen).toMatchObject({ ok: false });
    expect(seen.exception).toContain('not yet');
    expect(seen.stderr).toContain('raise ValueError("not yet")');
    expect(seen.stderr.endsWith('Task failed.\n')).toBe(true);
  });

  it('@catch takes the exception at the last attempt, and falls back beyond it', async () => {
    expect(await run.after('caught')).toMatchObject({ ok: false, error: { type: 'KeyError' } });
    expect(await run.after('caught', { attempt: 1 })).toMatchObject({
      ok: true,
      artifacts: expect.arrayContaining(['problem']),
    });
    expect(task('caught', '{"problem": str(t.data.problem), "ok": t.finished}')).toMatchObject({
      ok: true,
      problem: expect.stringContaining('gone'),
    });
    // One attempt lost with a worker raises --max-user-code-retries: attempt 1 is not yet the last.
    const again = { task_id: 'temporal-caught-1', extra_retries: 1 };
    expect(await run.after('caught', { ...again, attempt: 1 })).toMatchObject({ ok: false });
    expect(await run.after('caught', { ...again, attempt: 2 })).toMatchObject({ ok: true });
    expect(await run.after('caught', { task_id: 'temporal-caught-2', attempt: 3 })).toMatchObject({ ok: true });
  });

  it('@timeout ends the step from inside', async () => {
    const answer = await run.after('slow');
    expect(answer).toMatchObject({
      ok: false,
      error: {
        kind: 'failed',
        type: 'TimeoutException',
        message: 'TimeoutException: Step slow timed out after 0 hours, 0 minutes, 1 seconds',
      },
    });
    // Its message holds the stack: the user's and Metaflow's, as under `metaflow run`, and nothing of ours.
    const seen = task('slow', '[t.stderr, str(t.exception)]') as string[];
    for (const text of [answer['error'].traceback as string, ...seen]) {
      expect(text).toContain('time.sleep(30)');
      expect(text).not.toContain('launcher/');
    }
    expect(seen[0]).toMatch(
      /timed out[^\n]*\n *Stack when the timeout was raised:\n *> +File "[^"]*behaviours.py", line \d+, in <module>/,
    );
  });

  it('@environment, and a fresh interpreter where only that obeys', async () => {
    expect(await run.after('coloured')).toMatchObject({ ok: true });
    expect(task('coloured', 't.data.colour')).toBe('green');
    const id = run.begin('hashed');
    expect(await launcher.event(id, 'started')).toMatchObject({ mode: 'spawn' });
    expect(await launcher.answer(id)).toMatchObject({ ok: true, artifacts: ['base', 'hash', 'seed'] });
    const hash = place.client(
      'import subprocess, sys, os\nprint(subprocess.check_output([sys.executable, "-c", "print(hash(\'a text\'))"], env={**os.environ, "PYTHONHASHSEED": "77"}).decode())',
    );
    expect(task('hashed', '[t.data.hash, t.data.seed]')).toEqual([hash, '77']);
  });

  it('output: as it comes, and stored', async () => {
    const id = run.begin('chatty');
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    const lines = ['grüße 🎈', 'x'.repeat(300_000), 'from a subprocess', 'bad \ufffd byte', 'no newline'];
    expect(launcher.lines(id, 'stdout')).toEqual(lines);
    expect(launcher.lines(id, 'stderr')).toEqual(['to stderr']);
    expect(task('chatty', '[t.stdout, t.stderr]')).toEqual([lines.join('\n') + '\n', 'to stderr\n']);
  });

  it('exit statuses and signals', async () => {
    expect(await run.after('leaver')).toMatchObject({
      ok: false,
      error: { kind: 'failed', exit_code: 7, retry: true },
    });
    expect(await run.after('final')).toMatchObject({
      ok: false,
      error: { kind: 'failed', exit_code: 202, retry: false },
    });
    expect(await run.after('victim')).toMatchObject({
      ok: false,
      error: {
        kind: 'failed',
        signal: 'SIGKILL',
        message: expect.stringMatching(
          /^The step was killed by SIGKILL\. That is what happens when memory runs out; it had used up to [1-9]\d+ MB\.$/,
        ),
        retry: true,
      },
    });
  });

  it('an artifact that does not pickle, a pool of spawned processes', async () => {
    expect(await run.after('stuck')).toMatchObject({
      ok: false,
      error: { kind: 'failed', message: expect.stringContaining('bad') },
    });
    expect(await run.after('pooled')).toMatchObject({ ok: true });
    expect(task('pooled', 't.data.doubled')).toEqual([2, 4, 6]);
  });

  it('looks like a process of its own: signals, streams, arguments, descriptors', async () => {
    expect(await run.after('plain')).toMatchObject({ ok: true });
    expect(task('plain', '[t.data.hangup, t.data.stream, t.data.same, t.data.pipes]')).toEqual([
      true,
      ['<stdout>', 'w'],
      true,
      2,
    ]);
  });

  it('draws other random numbers in each process', async () => {
    expect(await run.after('pooled', { task_id: 'temporal-pooled-1' })).toMatchObject({ ok: true });
    const [a, b] = place.client(
      `s = Step("BehavioursFlow/temporal-b-${mode}/pooled")\nprint(json.dumps([t.data.random for t in s]))`,
    );
    expect(a).not.toBe(b);
  });
});

describe('a flow file that is broken or has changed', () => {
  it('fails the step with the user’s error', async () => {
    const { appendFileSync } = await import('node:fs');
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-broken');
    appendFileSync(`${place.directory}/behaviours.py`, '\nthis is no python\n');
    expect(await run.start()).toMatchObject({
      ok: false,
      error: { kind: 'failed', type: 'SyntaxError', exit_code: 1 },
    });
  });
});
