import { platform, release } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { alive, type Launcher, ownMemory, Place, processes, Run, until } from './launcher.js';

const place = new Place();
const [major = 0, minor = 0] = release().split('.').map(Number);
const kernel = platform() === 'linux' ? major * 100 + minor : 0;
afterAll(() => place.dispose());

let number = 0;
async function sleeping(): Promise<{ launcher: Launcher; run: Run; id: string; pid: number }> {
  const launcher = await place.launch('behaviours.py');
  const run = await Run.open(launcher, `temporal-p-${++number}`);
  expect(await run.start()).toMatchObject({ ok: true });
  const id = run.begin('sleeper');
  const { pid } = await launcher.event(id, 'started');
  await launcher.event(id, 'log', ({ line }) => line === 'sleeping');
  return { launcher, run, id, pid: pid as number };
}

const sleepers = () => (processes().match(/sleep 97[123]$/gm) ?? []).length;

describe('no orphan', () => {
  it('cancel ends the whole group', async () => {
    const { launcher, run, id, pid } = await sleeping();
    expect(await launcher.ask({ op: 'cancel', of: id, grace: 2 })).toMatchObject({ ok: true });
    expect(await launcher.answer(id)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    expect(await until(() => !alive(pid) && !/sleep 971$/m.test(processes()))).toBe(true);
    const stdout = place.client(
      `print(json.dumps(Task("BehavioursFlow/${run.id}/sleeper/temporal-sleeper-0").stdout))`,
    );
    expect(stdout).toBe('sleeping\n[KILLED BY ORCHESTRATOR]\n');
    expect(await launcher.ask({ op: 'shutdown', grace: 1 })).toMatchObject({ ok: true });
    expect(await launcher.exited).toBe(0);
    expect(await until(() => sleepers() === 0)).toBe(true);
  });

  it('the process that waits for a task runs it; where somebody has killed it, the task is forked as it comes', async () => {
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-waiting');
    expect(await run.start()).toMatchObject({ ok: true });
    const pids: unknown[] = [];
    for (const killed of [false, true, false]) {
      expect(await until(() => launcher.waiting() !== undefined)).toBe(true);
      const waiting = launcher.waiting()!;
      if (killed) {
        process.kill(waiting, 'SIGKILL');
        expect(await until(() => !alive(waiting))).toBe(true);
      }
      const id = run.begin('slow');
      const { pid } = await launcher.event(id, 'started');
      pids.push(pid);
      expect(pid === waiting).toBe(!killed);
      await launcher.ask({ op: 'cancel', of: id, grace: 1 });
      expect(await launcher.answer(id)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    }
    expect(new Set(pids).size).toBe(3);
    expect(await until(() => launcher.waiting() !== undefined)).toBe(true);
    const last = launcher.waiting()!;
    launcher.process.kill('SIGKILL');
    expect(await until(() => !alive(last))).toBe(true);
  });

  // The kernel can copy ahead since 5.14.
  it.runIf(kernel >= 514)('what waits has copies of the memory that tasks before it wrote to', async () => {
    const launcher = await place.launch('shapes.py');
    const own = (pid: number | undefined) => (pid === undefined ? 0 : ownMemory(pid));
    expect(await until(() => launcher.waiting() !== undefined)).toBe(true);
    const before = own(launcher.waiting());
    const run = await Run.open(launcher, 'temporal-copies', { params: { count: 5 } });
    expect(await run.start()).toMatchObject({ ok: true });
    let copied = false;
    // A process is made when a task begins, and knows of those that had ended then. What does nothing writes to some 8 MB.
    for (let i = 0; i < 5 && !copied; i++) {
      expect(await run.after('body', { task_id: `temporal-body-${i}-0`, split_index: i })).toMatchObject({ ok: true });
      copied = await until(() => own(launcher.waiting()) > before + 3_000_000, 1000);
    }
    expect(copied).toBe(true);
  });

  it('descriptor 3 closes: everything goes, also what has left its group', async () => {
    const { launcher, pid } = await sleeping();
    launcher.hangUp();
    expect(await launcher.exited).toBe(0);
    expect(await until(() => !alive(pid) && sleepers() === 0)).toBe(true);
  });

  it('the launcher is killed: the group goes', async () => {
    const { launcher, pid } = await sleeping();
    launcher.process.kill('SIGKILL');
    expect(await until(() => !alive(pid) && !/sleep 971$/m.test(processes()))).toBe(true);
    // What made itself a session of its own is out of reach then, as PROTOCOL.md says.
    const rest = processes()
      .split('\n')
      .filter((line) => line.endsWith('sleep 972'));
    for (const line of rest) process.kill(Number(line.trim().split(/\s+/)[0]), 'SIGKILL');
    expect(await until(() => sleepers() === 0)).toBe(true);
  });

  it('shutdown kills what does not end within its grace', async () => {
    const { launcher, id, pid } = await sleeping();
    expect(await launcher.ask({ op: 'shutdown', grace: 0.3 })).toMatchObject({ ok: true });
    expect(await launcher.answer(id)).toMatchObject({ ok: false, error: { kind: 'cancelled' } });
    expect(await launcher.exited).toBe(0);
    expect(await until(() => !alive(pid) && sleepers() === 0)).toBe(true);
  });

  it('a step’s leftovers neither delay its answer nor outlive it', async () => {
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-holder');
    await run.start();
    const before = Date.now();
    expect(await run.after('holder')).toMatchObject({ ok: true });
    expect(Date.now() - before).toBeLessThan(15_000);
    expect(await until(() => sleepers() === 0)).toBe(true);
  });

  it('a subprocess that writes for ever does not hold the launcher up', async () => {
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-writer');
    await run.start();
    expect(await run.after('writer')).toMatchObject({ ok: true });
    // Nobody reads its pipe any more, not even itself.
    expect(await until(() => !/yes 974$/m.test(processes()))).toBe(true);
  });

  it('a planner that is killed takes no logs with it', async () => {
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-logs');
    await run.start();
    const planner = launcher.planner();
    const id = run.begin('slowly', { attempt: 1 });
    await launcher.event(id, 'log', ({ line }) => line === 'before');
    process.kill(planner, 'SIGKILL');
    expect(await launcher.answer(id)).toMatchObject({ ok: true, attempt: 1 });
    const task = 't = Task("BehavioursFlow/temporal-logs/slowly/temporal-slowly-0")';
    const stored = place.client(`${task}\nprint(json.dumps([t.stdout, t.successful, t.current_attempt]))`);
    expect(stored).toEqual(['before\nafter\n', true, 1]);
    expect(await run.close()).toMatchObject({ ok: true });
  });

  it('what forks is killed: everything goes, the launcher as well', async () => {
    const { launcher, pid } = await sleeping();
    process.kill(launcher.forkServer(), 'SIGKILL');
    expect(await launcher.exited).toBe(0);
    expect(await until(() => !alive(pid) && sleepers() === 0)).toBe(true);
  });

  it('a planner that was killed is replaced', async () => {
    const launcher = await place.launch('behaviours.py');
    const run = await Run.open(launcher, 'temporal-replaced');
    await run.start();
    const planner = launcher.planner();
    process.kill(planner, 'SIGKILL');
    await until(() => !alive(planner));
    expect(await run.after('coloured')).toMatchObject({ ok: true });
    expect(await run.close()).toMatchObject({ ok: true });
  });
});

it('a step that closes every descriptor it finds tells how it ended all the same', async () => {
  const run = await Run.open(await place.launch('closing.py'), 'temporal-closing');
  expect(await run.start()).toMatchObject({ ok: true, splits: 3, artifacts: ['items'] });
  expect(await run.after('each', { split_index: 0 })).toMatchObject({
    ...{ ok: false, error: { type: 'ValueError', message: 'ValueError: after all were closed' } },
  });
});
