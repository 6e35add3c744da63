import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alive, type Launcher, type Message, Place, Run, until } from './launcher.js';

const place = new Place();
const metaflow = place.client(
  'import metaflow\nprint(json.dumps(int("".join(metaflow.__version__.split(".")[:2]))))',
) as number;
afterAll(() => place.dispose());

const ORIGIN = 'temporal-origin';
const resume = { origin: ORIGIN };
const body = (run: Run, i: number, more: Message = {}) =>
  run.after('body', { task_id: `temporal-body-${i}-0`, split_index: i, ...more });
const bodies = [0, 1, 2].map((i) => `body/temporal-body-${i}-0`);
/** Where the list of what was cloned lies. */
const listOf = (run: string) =>
  join(place.directory, '.metaflow/ResumingFlow', run, '_parameters/temporal-_parameters-0/temporal_cloned');

describe('resuming a run whose second of three bodies failed', () => {
  let launcher: Launcher;

  beforeAll(async () => {
    launcher = await place.launch('resuming.py');
    writeFileSync(join(place.directory, 'broken'), '');
    const run = await Run.open(launcher, ORIGIN, { params: { count: 3 }, tags: ['mine'] });
    await run.start();
    expect(await Promise.all([0, 1, 2].map((i) => body(run, i)))).toMatchObject([
      { ok: true },
      { ok: false, error: { message: 'ValueError: broken' } },
      { ok: true },
    ]);
    await run.close('failed');
    rmSync(join(place.directory, 'broken'));
  });

  it('C1, C3: clones what is finished, under the ids that are asked for; another planner answers alike', async () => {
    const id = 'temporal-resumed';
    const opened = await launcher.ask(open(id, { tags: ['again'] }));
    expect(opened).toMatchObject({ ok: true, cloned: 3 });
    const run = new Run(launcher, id);
    expect(await run.start({ resume })).toMatchObject({ ok: true, cloned: true, splits: 3, attempt: 0 });
    expect(await body(run, 0, { resume })).toMatchObject({ ok: true, cloned: true, artifacts: ['items', 'square'] });

    // What becomes of the origin meanwhile is of no account: its first body is as if it had never been.
    const gone = join(place.directory, '.metaflow/ResumingFlow', ORIGIN, 'body/temporal-body-2-0');
    renameSync(gone, `${gone}-gone`);
    const other = new Run(await place.launch('resuming.py'), id);
    expect(await body(other, 2, { resume, attempt: 1 })).toMatchObject({ ok: true, cloned: true, attempt: 0 });
    renameSync(`${gone}-gone`, gone);
    const ran = await body(other, 1, { resume });
    expect(ran).toMatchObject({ ok: true, artifacts: ['items', 'square'] });
    expect(ran).not.toHaveProperty('cloned');
    expect(await other.task('join', bodies, { join_type: 'foreach', resume })).toMatchObject({ ok: true });
    expect(await run.task('end', ['join/temporal-join-0'], { resume })).toMatchObject({ ok: true });
    await run.close();

    const seen = place.client(`
r = Run("ResumingFlow/${id}")
meta = lambda t: [t.metadata_dict.get("origin-run-id"), t.metadata_dict.get("origin-task-id")]
print(json.dumps({"ok": r.successful, "total": r["join"].task.data.total, "origin": r.data.origin, "tags": sorted(r.user_tags),
  "count": r["_parameters"].task.data.count, "start": meta(r["start"].task), "join": meta(r["join"].task),
  "bodies": sorted([t.id] + meta(t) for t in r["body"]), "out": r["start"].task.stdout}))`);
    expect(seen).toEqual({
      ok: true,
      total: 5,
      origin: ORIGIN,
      tags: ['again'],
      count: 3,
      start: [ORIGIN, 'temporal-start-0'],
      join: [ORIGIN, null],
      bodies: [0, 1, 2].map((i) => {
        const task = `temporal-body-${i}-0`;
        return [task, ORIGIN, i === 1 ? null : task];
      }),
      // Metaflow clones no logs.
      out: '',
    });
  });

  it('runs a step and all after it again where that is asked for', async () => {
    const from = { ...resume, step: 'body' };
    const opened = await launcher.ask(open('temporal-from', { resume: from }));
    expect(opened).toMatchObject({ ok: true, cloned: 1 });
    const run = new Run(launcher, 'temporal-from');
    expect(await run.start({ resume: from })).toMatchObject({ cloned: true });
    expect(await body(run, 0, { resume: from })).not.toHaveProperty('cloned');
  });

  it('goes on with what an interrupted start has left undone, once', async () => {
    const id = 'temporal-interrupted';
    expect(await launcher.ask(open(id, { token: 'one' }))).toMatchObject({ ok: true, cloned: 3 });
    const first = readFileSync(listOf(id), 'utf8');
    // As if the worker had died before the last line was written.
    rmSync(listOf(id));
    const other = await place.launch('resuming.py');
    expect(await other.ask(open(id, { token: 'two' }))).toMatchObject({ ok: false, error: { code: 'RUN_ID_TAKEN' } });
    expect(await other.ask(open(id, { token: 'one' }))).toMatchObject({ ok: true, cloned: 3 });
    expect(JSON.parse(readFileSync(listOf(id), 'utf8'))).toEqual(JSON.parse(first));
    // Complete now: a third attempt has nothing to do and answers the same.
    const third = await place.launch('resuming.py');
    expect(await third.ask(open(id, { token: 'one' }))).toMatchObject({ ok: true, cloned: 3 });
    expect(place.client(`print(json.dumps(len(list(Step("ResumingFlow/${id}/body")))))`)).toBe(2);
  });

  it('C2: a task that cannot be cloned ends the start, and nothing is called done', async () => {
    const id = 'temporal-all-or-nothing';
    const data = join(place.directory, '.metaflow/ResumingFlow', id, 'body/temporal-body-2-0');
    const blocker = join(place.directory, '.metaflow/ResumingFlow', id, 'body');
    // A file where the clone's folder should be.
    place.client(
      `import os; os.makedirs(${JSON.stringify(blocker)}); open(${JSON.stringify(data)}, "w").close(); print("1")`,
    );
    expect(await launcher.ask(open(id, { token: 'one' }))).toMatchObject({ ok: false });
    rmSync(data);
    expect(await launcher.ask(open(id, { token: 'one' }))).toMatchObject({ ok: true, cloned: 3 });
  });

  it("refuses with Metaflow's own words, before anything is registered", async () => {
    const none = { ...open('temporal-none'), resume: { origin: '4711' } };
    expect(await launcher.ask(none)).toMatchObject({
      ok: false,
      error: { code: 'RUN_NOT_STARTED', message: expect.stringContaining('could not find run id *4711*') },
    });
    const nowhere = await launcher.ask(open('temporal-nowhere', { resume: { ...resume, step: 'middle' } }));
    expect(nowhere).toMatchObject({
      ok: false,
      error: { code: 'RUN_NOT_STARTED', message: expect.stringContaining('invalid step name middle') },
    });
    const runs = place.client('print(json.dumps([r.id for r in Flow("ResumingFlow")]))') as string[];
    expect(runs).not.toContain('temporal-none');
    expect(runs).not.toContain('temporal-nowhere');
  });

  it('refuses what the flow, as it is now, would not have done, but for steps that run again', async () => {
    const text = readFileSync(join(place.directory, 'resuming.py'), 'utf8')
      .replace('self.next(self.body, foreach="items")', 'self.next(self.before, foreach="items")')
      .replace(
        '    @step\n    def body',
        '    @step\n    def before(self):\n        self.next(self.body)\n\n    @step\n    def body',
      );
    writeFileSync(join(place.directory, 'resuming_changed.py'), text);
    const changed = await place.launch('resuming_changed.py');
    expect(await changed.ask(open('temporal-changed'))).toMatchObject({
      ok: false,
      error: {
        code: 'RUN_NOT_STARTED',
        message: expect.stringContaining(
          '*start* of the run to resume went to *body*; now it is followed by *before*.',
        ),
      },
    });
    const from = { ...resume, step: 'start' };
    expect(await changed.ask(open('temporal-changed-2', { resume: from }))).toMatchObject({ ok: true, cloned: 0 });
  });

  it('loses nothing with its planner', async () => {
    const id = 'temporal-bereft';
    // With no planner but the one that is to die.
    const alone = await place.launch('resuming.py');
    await alone.ask(open(id));
    const run = new Run(alone, id);
    expect(await run.start({ resume })).toMatchObject({ cloned: true });
    const planner = alone.planner();
    process.kill(planner, 'SIGKILL');
    expect(await until(() => !alive(planner))).toBe(true);
    expect(await body(run, 2, { resume })).toMatchObject({ ok: true, cloned: true });
    expect(await body(run, 1, { resume })).toMatchObject({ ok: true });
  });
});

describe('resuming a flow with a Config', () => {
  const options = ['--datastore=local', '--metadata=local'];
  const configured = (factor: number) => ({
    options: [...options, '--config-value', 'settings', JSON.stringify({ factor })],
  });

  it("has the origin's, whatever the deployment's is now", async () => {
    const first = await place.launch('configured.py', configured(3));
    expect(await (await Run.open(first, 'temporal-configured')).start()).toMatchObject({ ok: true });
    const second = await place.launch('configured.py', configured(5));
    const again = { resume: { origin: 'temporal-configured' } };
    expect(await second.ask(open('temporal-configured-2', again))).toMatchObject({ ok: true, cloned: 1 });
    const run = new Run(second, 'temporal-configured-2');
    expect(await run.task('end', ['start/temporal-start-0'], again)).toMatchObject({ ok: true });
    expect(place.client('print(json.dumps(Run("ConfiguredFlow/temporal-configured-2").data.product))')).toBe(9);
  });

  it('refuses an origin that is not there as for any other flow', async () => {
    const launcher = await place.launch('configured.py', configured(3));
    expect(await launcher.ask(open('temporal-none', { resume: { origin: '4711' } }))).toMatchObject({
      ok: false,
      error: { code: 'RUN_NOT_STARTED', message: expect.stringContaining('could not find run id *4711*') },
    });
  });
});

describe('resuming loops', () => {
  // Metaflow has them since 2.18.
  it.runIf(metaflow >= 218)('C3: counts the rounds of each anew, though Metaflow goes on with its count', async () => {
    const launcher = await place.launch('loops.py');
    writeFileSync(join(place.directory, 'broken'), '');
    const origin = await Run.open(launcher, 'temporal-loops');
    const rounds = [
      ...[0, 1, 2].map((i) => `first/temporal-first-${i}`),
      ...[0, 1, 2].map((i) => `second/temporal-second-${i}`),
    ];
    let from = 'start/temporal-start-0';
    await origin.start();
    for (const path of rounds) {
      const [step, task_id] = path.split('/') as [string, string];
      const answer = await origin.task(step, [from], { task_id });
      expect(answer['ok']).toBe(path !== 'second/temporal-second-2');
      from = path;
    }
    rmSync(join(place.directory, 'broken'));

    const again = { resume: { origin: 'temporal-loops' } };
    expect(await launcher.ask(open('temporal-loops-2', again))).toMatchObject({ ok: true, cloned: 6 });
    const run = new Run(launcher, 'temporal-loops-2');
    await run.start(again);
    const branches: unknown[] = [];
    from = 'start/temporal-start-0';
    for (const path of rounds) {
      const [step, task_id] = path.split('/') as [string, string];
      const { cloned, branch } = await run.task(step, [from], { task_id, ...again });
      branches.push([branch, cloned]);
      from = path;
    }
    expect(branches).toEqual([
      ['first', true],
      ['first', true],
      ['second', true],
      ['second', true],
      ['second', true],
      ['end', undefined],
    ]);
  });
});

function open(run: string, more: Message = {}): Message {
  return { op: 'open', run_id: run, params: {}, tags: [], namespace: null, register: true, resume, ...more };
}
