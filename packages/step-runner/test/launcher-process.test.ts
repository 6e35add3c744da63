import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { LauncherFatalError, LauncherLostError } from '../src/launcher/errors.js';
import type { InitMessage, StartedEvent, TaskRequest } from '../src/launcher/protocol.js';
import { LauncherProcess } from '../src/launcher/process.js';

const talker = fileURLToPath(new URL('fixtures/talker.mjs', import.meta.url));
const launchers: LauncherProcess[] = [];
afterEach(async () => {
  for (const launcher of launchers.splice(0)) {
    launcher.kill();
    await launcher.exited;
  }
});

async function launch(file = 'flow.py', startTimeout?: number): Promise<LauncherProcess & { lines: string[] }> {
  const lines: string[] = [];
  const init: InitMessage = {
    op: 'init',
    flow: 'F',
    file,
    directory: '/',
    options: [],
    mode: 'auto',
    preload: [],
    cache: '/tmp',
    environment: {},
    datastore: { type: 'local', root: '/' },
  };
  const launcher = await LauncherProcess.start({
    command: [process.execPath, talker],
    env: process.env,
    cwd: '/',
    init,
    ...(startTimeout ? { startTimeout } : {}),
    onLine: (stream, line) => lines.push(`${stream}: ${line}`),
  });
  launchers.push(launcher);
  return Object.assign(launcher, { lines });
}

const task = (step: string): TaskRequest => ({
  op: 'task',
  run_id: 'r',
  step,
  task_id: 't',
  input_paths: [],
  split_index: null,
  join_type: null,
  ubf_context: null,
  attempt: 0,
  extra_retries: 0,
});

function started(
  launcher: LauncherProcess,
  step: string,
): { id: string; answer: Promise<unknown>; pid: Promise<number> } {
  let tell!: (pid: number) => void;
  const pid = new Promise<number>((resolve) => (tell = resolve));
  return { ...launcher.request(task(step), { started: (event: StartedEvent) => tell(event.pid) }), pid };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<boolean> {
  for (let i = 0; i < 100 && exists(pid); i++) await sleep(20);
  return !exists(pid);
}

describe('LauncherProcess', () => {
  it('answers requests by id, many at once', async () => {
    const launcher = await launch();
    const answers = await Promise.all(Array.from({ length: 200 }, () => launcher.request(task('fine')).answer));
    expect(answers.every((answer) => answer.ok && answer.artifacts?.[0] === 'x')).toBe(true);
    expect(new Set(answers.map((answer) => answer.re)).size).toBe(200);
    expect(launcher.busy).toBe(0);
  });

  it('passes every line on, in order, before the answer', async () => {
    const launcher = await launch();
    const lines: string[] = [];
    await launcher.request(task('flood'), { log: ({ line }) => lines.push(line) }).answer;
    expect(lines).toHaveLength(20_000);
    expect(lines[19_999]).toBe(`grün 19999 ${'x'.repeat(19_999 % 97)}`);
  });

  it('goes on after what it does not understand', async () => {
    const launcher = await launch();
    expect(await launcher.request(task('garbage')).answer).toMatchObject({ ok: true });
    expect(launcher.lines).toEqual([
      'stderr: not understood: not json',
      'stderr: not understood: [1]',
      'stderr: not understood: "text"',
    ]);
  });

  it('cancels a task, and knows when there is none', async () => {
    const launcher = await launch();
    const { id, answer, pid } = started(launcher, 'hang');
    const leader = await pid;
    await launcher.cancel(id, 1);
    expect(await answer).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    expect(await gone(leader)).toBe(true);
    await launcher.cancel(id, 1);
  });

  it('loses what is under way when it dies, with its last words', async () => {
    const launcher = await launch();
    const mute = launcher.request(task('mute')).answer;
    mute.catch(() => undefined);
    const dies = launcher.request(task('die')).answer;
    await expect(dies).rejects.toThrow(LauncherLostError);
    await expect(dies).rejects.toThrow('The Python launcher exited with status 3. Its last lines:\nabout to die');
    await expect(mute).rejects.toThrow(LauncherLostError);
    expect(launcher.alive).toBe(false);
    await expect(launcher.request(task('fine')).answer).rejects.toThrow('The Python launcher is gone.');
  });

  it('kills the process groups of its tasks when it is killed', async () => {
    const launcher = await launch();
    const { answer, pid } = started(launcher, 'hang');
    const leader = await pid;
    process.kill(launcher.pid!, 'SIGKILL');
    await expect(answer).rejects.toThrow('The Python launcher was killed by SIGKILL.');
    expect(launcher.lines).toContain('stderr: The Python launcher was killed by SIGKILL.');
    expect(await gone(leader)).toBe(true);
  });

  it('counts an answer that was written before the end, though a grandchild keeps the pipe open', async () => {
    const launcher = await launch();
    const { answer, pid } = started(launcher, 'lastWord');
    expect(await answer).toMatchObject({ ok: true, artifacts: ['said'] });
    await launcher.exited;
    process.kill(await pid, 'SIGKILL');
  });

  it('shuts down when it is told to', async () => {
    const launcher = await launch();
    await launcher.shutdown(1000);
    expect(launcher.alive).toBe(false);
    await launcher.shutdown(1000);
  });

  it('is killed when it does not shut down in time', async () => {
    const launcher = await launch();
    const { pid, answer } = started(launcher, 'hang');
    answer.catch(() => undefined);
    const leader = await pid;
    const begun = performance.now();
    await launcher.shutdown(123);
    expect(performance.now() - begun).toBeLessThan(9000);
    expect(await gone(leader)).toBe(true);
  });

  it('is killed at once when it is told twice', async () => {
    const launcher = await launch();
    const { pid, answer } = started(launcher, 'hang');
    answer.catch(() => undefined);
    const leader = await pid;
    const first = launcher.shutdown(123_000_000);
    const begun = performance.now();
    await launcher.shutdown(0);
    await first;
    // Long before what the second call, too, would wait for a launcher that does not end by itself.
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(await gone(leader)).toBe(true);
  });

  it('says why it cannot serve', async () => {
    await expect(launch('fatal')).rejects.toMatchObject({
      name: 'LauncherFatalError',
      code: 'NO_METAFLOW',
      message: 'There is no Metaflow.',
      hint: 'Install it.',
    });
    await expect(launch('old')).rejects.toThrow(LauncherFatalError);
    await expect(launch('exit')).rejects.toThrow('The Python launcher exited with status 7.');
    await expect(launch('silent', 300)).rejects.toThrow('The Python launcher said nothing for 300 ms.');
  });

  it('says which program is not there', async () => {
    const missing = LauncherProcess.start({
      command: ['/nowhere/python', '-c', ''],
      env: process.env,
      cwd: '/',
      init: {
        op: 'init',
        flow: 'F',
        file: '',
        directory: '/',
        options: [],
        mode: 'auto',
        preload: [],
        cache: '/',
        environment: {},
        datastore: { type: 'local', root: '/' },
      },
    });
    await expect(missing).rejects.toThrow('could not be started: spawn /nowhere/python ENOENT');
  });
});
