import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launcher, type Message, Place, Run } from './launcher.js';

const place = new Place();
const metaflow = place.client(
  'import metaflow\nprint(json.dumps(int("".join(metaflow.__version__.split(".")[:2]))))',
) as number;
afterAll(() => place.dispose());

/** ShapesFlow from start to end. */
async function whole(run: Run, count: number): Promise<Message[]> {
  const answers = [await run.start()];
  const body = (i: number) => run.after('body', { task_id: `temporal-body-${i}-0`, split_index: i });
  answers.push(...(await Promise.all(Array.from({ length: count }, (_, i) => body(i)))));
  const bodies = Array.from({ length: count }, (_, i) => `body/temporal-body-${i}-0`);
  answers.push(await run.task('join', bodies, { join_type: 'foreach' }));
  answers.push(await run.task('end', ['join/temporal-join-0']));
  return answers;
}

describe.each(['fork', 'spawn'])('a whole flow by %s', (mode) => {
  let launcher: Launcher;
  beforeAll(async () => {
    launcher = await place.launch('shapes.py', { mode });
  });

  it('runs a foreach and its join, and tells each transition', async () => {
    const run = await Run.open(launcher, `temporal-${mode}`, { params: { greeting: 'hi', count: 3 }, tags: ['mine'] });
    const answers = await whole(run, 3);
    expect(await run.close()).toMatchObject({ ok: true });

    expect(answers.map(({ ok }) => ok as boolean)).toEqual(answers.map(() => true));
    expect(answers[0]).toMatchObject({ splits: 3, artifacts: ['items', 'thing'], attempt: 0 });
    expect(answers[0]).not.toHaveProperty('branch');
    expect(answers[5]).not.toHaveProperty('splits');

    const seen = place.client(`
r = Run("ShapesFlow/temporal-${mode}")
print(json.dumps({"ok": r.successful, "finished": r.finished, "tags": sorted(r.user_tags), "system": sorted(r.system_tags),
  "total": r["join"].task.data.total, "order": r["join"].task.data.order,
  "where": r["body"].task.data.where, "greeting": r.data.greeting, "out": r["end"].task.stdout}))`);
    expect(seen).toMatchObject({
      ok: true,
      finished: true,
      tags: ['mine'],
      total: 5,
      order: [0, 1, 2],
      greeting: 'hi',
    });
    expect(seen.where).toBe(place.directory);
    expect(seen.out).toBe(`temporal-${mode} temporal-end-0 0\n`);
    expect(seen.system).toEqual(expect.arrayContaining(['runtime:temporal', 'user:tester']));
    expect(seen.system.filter((tag: string) => tag.startsWith('temporal_execution'))).toEqual([]);
    expect(launcher.messages.find(({ event }) => event === 'started')).toMatchObject({ mode });
  });
});

describe('what a task of a foreach stands for', () => {
  it('is told to each of them, from one reading of the list', async () => {
    const launcher = await place.launch('shapes.py');
    const run = await Run.open(launcher, 'temporal-values', { params: { count: 12 } });
    expect(await run.start()).toMatchObject({ splits: 12 });
    const body = (i: number) => run.after('body', { task_id: `temporal-body-${i}-0`, split_index: i });
    expect(await body(0)).toMatchObject({ ok: true });
    // The next planner knows nothing of the first one's tasks. Who comes at once may still meet the dead one.
    process.kill(launcher.planner(), 'SIGKILL');
    await run.after('body', { task_id: 'temporal-body-99-0', split_index: 0 });
    for (let i = 1; i < 10; i++) expect(await body(i)).toMatchObject({ ok: true });
    const task = (name: string) => `Task("ShapesFlow/temporal-values/${name}")`;
    // Whoever reads the list from now on fails.
    const blob = place.client(`print(json.dumps(${task('start/temporal-start-0')}["_foreach_values"].sha))`) as string;
    rmSync(join(place.directory, '.metaflow/ShapesFlow/data', blob.slice(0, 2), blob));
    expect(await body(10)).toMatchObject({ ok: true });
    expect(await body(11)).toMatchObject({ ok: true });
    const stacks = [0, 9, 11].map((i) => `list(${task(`body/temporal-body-${i}-0`)}["_foreach_stack"].data[-1])`);
    expect(place.client(`print(json.dumps([${stacks.join(', ')}]))`)).toEqual([
      ['body', 'items', 12, 0, '0'],
      ['body', 'items', 12, 9, '9'],
      ['body', 'items', 12, 11, '11'],
    ]);
  });
});

describe('a switch that comes back to its own step', () => {
  // Metaflow has them since 2.18.
  it.runIf(metaflow >= 218)('tells the branch of each round', async () => {
    const run = await Run.open(await place.launch('looping.py'), 'temporal-looping');
    const answers = [await run.start()];
    let from = 'start/temporal-start-0';
    for (let visit = 0; visit < 3; visit++) {
      answers.push(await run.task('loop', [from], { task_id: `temporal-loop-${visit}` }));
      from = `loop/temporal-loop-${visit}`;
    }
    answers.push(await run.task('end', [from]));
    expect(answers.map(({ branch }) => branch as string)).toEqual([undefined, 'loop', 'loop', 'end', undefined]);
    expect(
      place.client(
        'print(json.dumps([len(list(Step("LoopingFlow/temporal-looping/loop"))), Run("LoopingFlow/temporal-looping").data.rounds]))',
      ),
    ).toEqual([3, 3]);
  });
});

describe('opening a run', () => {
  it('lets a second launcher join without parameters, and refuses another execution', async () => {
    const [first, second] = [await place.launch('shapes.py'), await place.launch('shapes.py')];
    const run = await Run.open(first, 'temporal-two', { params: { count: 2 }, token: 'one' });
    expect(await run.start()).toMatchObject({ ok: true, splits: 2 });

    const other = new Run(second, 'temporal-two');
    expect(await other.after('body', { task_id: 'temporal-body-1-0', split_index: 1 })).toMatchObject({ ok: true });
    expect(await run.after('body', { task_id: 'temporal-body-0-0', split_index: 0 })).toMatchObject({ ok: true });
    const join = { join_type: 'foreach' };
    expect(await other.task('join', ['body/temporal-body-0-0', 'body/temporal-body-1-0'], join)).toMatchObject({
      ok: true,
    });

    const third = await place.launch('shapes.py');
    await expect(Run.open(third, 'temporal-two', { token: 'two' })).rejects.toThrow('RUN_ID_TAKEN');
    await expect(Run.open(third, 'temporal-two')).rejects.toThrow('RUN_ID_TAKEN');
    expect(await Run.open(third, 'temporal-two', { token: 'one', params: { count: 9 } })).toBeInstanceOf(Run);
    const seen = place.client(`
r = Run("ShapesFlow/temporal-two")
print(json.dumps({"count": r["_parameters"].task.data.count, "total": r["join"].task.data.total, "tags": sorted(r.system_tags)}))`);
    expect(seen).toMatchObject({ count: 2, total: 1 });
    expect(seen.tags).toContain('temporal_execution:one');
  });

  it('refuses in a plain sentence', async () => {
    const launcher = await place.launch('shapes.py');
    await Run.open(launcher, 'temporal-plain', { token: 'one', params: { count: 1 } });
    const other = await place.launch('shapes.py');
    const open = { op: 'open', tags: [], namespace: null };
    expect(await other.ask({ ...open, run_id: 'temporal-plain', params: {}, register: true })).toMatchObject({
      ok: false,
      error: {
        code: 'RUN_ID_TAKEN',
        message: 'Run id temporal-plain of ShapesFlow is already registered by another execution.',
      },
    });
    expect(await other.ask({ ...open, run_id: 'temporal-none', register: false })).toMatchObject({
      ok: false,
      error: { code: 'RUN_NOT_STARTED', message: expect.stringMatching(/^Run temporal-none cannot be joined/) },
    });
    expect(other.text).not.toContain('Traceback');
  });

  it('tells decorators of the end of the run, and of nothing else', async () => {
    const launcher = await place.launch('finishing.py', {}, { METAFLOW_USER: 'me' });
    const run = await Run.open(launcher, 'temporal-finishing', { token: 'one' });
    expect(await run.start()).toMatchObject({ ok: true });
    expect(await launcher.ask({ op: 'close', run_id: run.id, status: 'released' })).toMatchObject({ ok: true });
    expect(await run.task('end', ['start/temporal-start-0'])).toMatchObject({ ok: true });
    expect(existsSync(join(place.directory, 'finished.txt'))).toBe(false);
    expect(await run.close()).toMatchObject({ ok: true });
    expect(readFileSync(join(place.directory, 'finished.txt'), 'utf8')).toBe('me None\n');
  });

  it('takes a parameter of 200 KB and one that begins with a dash', async () => {
    const launcher = await place.launch('shapes.py');
    const greeting = '-' + 'é'.repeat(200_000);
    const run = await Run.open(launcher, 'temporal-long', { params: { greeting, count: 1 } });
    const id = launcher.begin(run.request('start', ['_parameters/temporal-_parameters-0']));
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
    expect(launcher.lines(id, 'stdout')).toEqual(['greeting has 200001 characters']);
  });

  it("passes on Metaflow's own refusals", async () => {
    const launcher = await place.launch('shapes.py');
    const request = {
      op: 'open',
      run_id: 'temporal-bad',
      params: { count: 'many' },
      tags: [],
      namespace: null,
      register: true,
    };
    const answer = await launcher.ask(request);
    expect(answer).toMatchObject({ ok: false, error: { code: 'RUN_NOT_STARTED', retry: false } });
    expect(answer['error'].message).toContain('many');
    const joined = await new Run(launcher, 'temporal-nowhere').start();
    expect(joined).toMatchObject({ ok: false, error: { kind: 'lost' } });
    expect(await launcher.ask({ op: 'dance' })).toMatchObject({ ok: false, error: { code: 'UNKNOWN_OP' } });
    expect(await launcher.ask({ op: 'task', run_id: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'BAD_REQUEST' },
    });
  });

  it('says why it cannot serve', async () => {
    const launcher = await place.launch('shapes.py', {
      package: { sha: '0'.repeat(40), url: '/nowhere/ShapesFlow/data/00/0', metadata: '' },
      cache: place.directory,
    });
    expect(launcher.ready).toMatchObject({ event: 'fatal', error: { code: 'PACKAGE_NOT_FOUND' } });
    expect(await launcher.exited).toBe(1);
  });
});
