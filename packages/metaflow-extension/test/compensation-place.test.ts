import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Launcher, type Message, Place, python, Run } from './launcher.js';

/*
 * A handler stands where its task stood. The steps of the fixtures note what they see; their handlers print how that differs from what
 * they see themselves, which is nothing.
 */

const place = new Place();
const metaflow = place.client(
  'import metaflow\nprint(json.dumps(int("".join(metaflow.__version__.split(".")[:2]))))',
) as number;
afterAll(() => place.dispose());

const failure = { step: 'end', type: 'ValueError', message: 'no' };

async function undo(launcher: Launcher, run: string, step: string, task_id: string, more: Message = {}) {
  const handler = `undo_${step}`;
  const id = launcher.begin({
    op: 'compensate',
    run_id: run,
    step,
    task_id,
    handler,
    key: 'k',
    timeout: 60,
    failure,
    ...more,
  });
  const answer = await launcher.answer(id);
  expect(answer, launcher.lines(id, 'stderr').join('\n')).toMatchObject({ ok: true });
  return launcher.lines(id, 'stdout');
}

describe.each(['fork', 'spawn'])('in foreach and @parallel, by %s', (mode) => {
  const run = `temporal-undoing-${mode}`;
  const again = `temporal-undoing-again-${mode}`;
  const resume = { origin: run, step: 'train' };
  let launcher: Launcher;
  let other: Launcher;
  beforeAll(async () => {
    launcher = await place.launch('undoing.py', { mode });
    const started = await Run.open(launcher, run, { params: { greeting: 'twice' }, tags: ['mine'] });
    expect(await started.start({ extra_retries: 0 })).toMatchObject({ ok: false });
    expect(await started.start({ attempt: 1 })).toMatchObject({ ok: true, splits: 2 });
    const task = async (step: string, from: string[], more: Message) =>
      expect(await started.task(step, from, more)).toMatchObject({ ok: true });
    for (const i of [0, 1]) {
      await task('each', ['start/temporal-start-0'], { task_id: `temporal-each-${i}-0`, split_index: i });
      const each = [`each/temporal-each-${i}-0`];
      for (const j of [0, 1, 2]) {
        await task('inner', each, { task_id: `temporal-inner-${i}_${j}-0`, split_index: j });
        await task('later', [`inner/temporal-inner-${i}_${j}-0`], { task_id: `temporal-later-${i}_${j}-0` });
      }
      const inner = [0, 1, 2].map((j) => `later/temporal-later-${i}_${j}-0`);
      await task('inner_join', inner, { task_id: `temporal-inner_join-${i}-0`, join_type: 'foreach' });
    }
    const joins = [0, 1].map((i) => `inner_join/temporal-inner_join-${i}-0`);
    await task('outer_join', joins, { join_type: 'foreach' });
    await task('spread', ['outer_join/temporal-outer_join-0'], {});
    await task('train', ['spread/temporal-spread-0'], { ubf_context: 'ubf_control' });
    // Before anything is undone, which would not be taken over.
    other = await place.launch('undoing.py', { mode });
    await Run.open(other, again, { resume, tags: ['mine'] });
  }, 120_000);

  it.each([
    ['start', 'temporal-start-0', '[null, null, []] 1'],
    ['each', 'temporal-each-1-0', '["y", 1, [[1, 2, "y"]]] 0'],
    ['inner', 'temporal-inner-1_2-0', '[30, 2, [[1, 2, 20], [2, 3, 30]]] 0'],
    ['later', 'temporal-later-0_1-0', '[20, 1, [[0, 2, 10], [1, 3, 20]]] 0'],
    ['inner_join', 'temporal-inner_join-1-0', '[null, 1, [[1, 2, null]]] 0'],
    ['train', 'temporal-train-0', '[0, 0, [[0, null, 0]]] 0'],
    ['train', 'temporal-train-0_node_1', '[1, 1, [[1, null, 1]]] 0'],
  ])('the handler of %s, task %s, sees what its step saw', async (step, task, where) => {
    const [differences, now] = await undo(launcher, run, step, task);
    expect(differences).toBe('{}');
    expect(now).toBe(where);
  });

  it('also for a launcher that takes no part in the run otherwise, and in a resumed run of clones', async () => {
    expect(await undo(other, run, 'inner', 'temporal-inner-1_2-0', { tags: ['mine'] })).toEqual([
      '{}',
      '[30, 2, [[1, 2, 20], [2, 3, 30]]] 0',
    ]);
    const [differences, now] = await undo(other, again, 'inner', 'temporal-inner-1_2-0', { resume });
    // The run is another one.
    expect(Object.keys(JSON.parse(differences!) as object).sort()).toEqual(['origin_run_id', 'pathspec', 'run_id']);
    expect(now).toBe('[30, 2, [[1, 2, 20], [2, 3, 30]]] 0');
  });
});

describe('in a loop', () => {
  it.runIf(metaflow >= 218)('each round has its own list, though the step has written over it', async () => {
    const launcher = await place.launch('undoing_loop.py');
    const run = await Run.open(launcher, 'temporal-undoing-loop');
    await run.start();
    let from = 'start/temporal-start-0';
    for (const visit of [0, 1, 2]) {
      const task_id = `temporal-body-1-${visit}`;
      const answer = await run.task('body', [from], { task_id, ...(visit === 0 ? { split_index: 1 } : {}) });
      expect(answer).toMatchObject({ ok: true, branch: visit < 2 ? 'body' : 'after' });
      from = `body/${task_id}`;
    }
    expect(await run.task('after', [from], { task_id: 'temporal-after-1-0' })).toMatchObject({ ok: true });
    const seen = [];
    for (const visit of [0, 1, 2]) seen.push(...(await undo(launcher, run.id, 'body', `temporal-body-1-${visit}`)));
    expect(seen).toEqual(['[1, 2, 2]', '[2, 20, 20]', '[3, 200, 200]']);
    expect(await undo(launcher, run.id, 'after', 'temporal-after-1-0')).toEqual(['[2000, 2000]']);
  });
});

describe('under plain metaflow run', () => {
  it.each(['undoing.py', 'reading.py'])(
    '%s runs, and its handlers do not',
    (file) => {
      const result = spawnSync(python, [file, '--metadata=local', '--datastore=local', 'run'], {
        cwd: place.directory,
        env: {
          ...place.env,
          PYTHONPATH: extensionPath(),
          PATH: `${python.replace(/\/[^/]+$/, '')}:${process.env['PATH']}`,
        },
        encoding: 'utf8',
      });
      expect(result.status, result.stdout + result.stderr).toBe(0);
      expect(result.stdout).not.toContain('undo_');
      const graph = spawnSync(python, [file, 'show'], {
        cwd: place.directory,
        env: { ...place.env, PYTHONPATH: extensionPath() },
        encoding: 'utf8',
      });
      expect(graph.stdout + graph.stderr).toContain('Step start');
      expect(graph.stdout + graph.stderr).not.toContain('undo_');
    },
    120_000,
  );
});
