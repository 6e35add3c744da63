import { describe, expect, it } from 'vitest';
import { compareRuns, type RunSnapshot, type TaskSnapshot } from '../equivalence/compare.mjs';
import { generateFlow } from '../equivalence/generate.mjs';

/** The tool that compares must see every kind of difference: otherwise its agreements mean nothing. */

function task(overrides: Partial<TaskSnapshot> = {}): TaskSnapshot {
  return {
    artifacts: { x: { raw: { int: '1' }, plain: { int: '1' } }, path: { raw: 'F/17/a/3', plain: 'F/<run>/a' } },
    ...{ successful: true, finished: true, exception: null, stdout: ['out'], stderr: [], tags: ['user:me'] },
    ...{ parents: ['start'], children: ['end'], metadata: { attempt: '0' }, index: null, taskId: '3' },
    ...{ attempt: 0, attempts: [], loglines: { lines: 1 }, environment: null, code: null, cards: [] },
    ...{ times: true, control: '', origin: null },
    ...overrides,
  };
}

function run(overrides: Partial<RunSnapshot> = {}): RunSnapshot {
  const tasks = { 'a[0]': task({ index: 0 }), 'a[1]': task({ index: 1 }), end: task() };
  return {
    runId: '17',
    successful: true,
    finished: true,
    tags: [],
    userTags: [],
    endTask: 'end',
    repeated: [],
    code: null,
    originRunId: null,
    tasks,
    ...overrides,
  };
}

const side = (snapshot: RunSnapshot, status = 0) => ({ snapshot, status, output: '' });
const withTask = (overrides: Partial<TaskSnapshot>) =>
  run({ tasks: { ...run().tasks, 'a[1]': task({ index: 1, ...overrides }) } });

describe('comparing two runs', () => {
  it('finds nothing in equal runs whose ids differ', () => {
    const other = withTask({
      artifacts: { ...task().artifacts, path: { raw: 'F/temporal-x/a/temporal-a-1-0', plain: 'F/<run>/a' } },
    });
    expect(compareRuns(side(run()), side({ ...other, runId: 'temporal-x' }))).toEqual([]);
  });

  it.each<[string, Partial<TaskSnapshot>]>([
    ['a[1].x', { artifacts: { ...task().artifacts, x: { raw: { int: '2' }, plain: { int: '2' } } } }],
    ['a[1].x', { artifacts: { path: task().artifacts.path! } }],
    ['a[1].y', { artifacts: { ...task().artifacts, y: { raw: null, plain: null } } }],
    ['a[1] successful', { successful: false }],
    ['a[1] finished', { finished: false }],
    ['a[1] exception', { exception: { type: 'ValueError', message: 'no' } }],
    ['a[1] stdout', { stdout: ['out', 'again'] }],
    ['a[1] stderr', { stderr: ['a warning'] }],
    ['a[1] tags', { tags: [] }],
    ['a[1] parents', { parents: ['other'] }],
    ['a[1] children', { children: [] }],
    ['a[1] index', { index: 2 }],
    ['a[1] metadata', { metadata: { attempt: '1' } }],
    ['a[1] attempt:', { attempt: 1 }],
    ['a[1] attempts', { attempts: [{ stdout: ['earlier'] }] }],
    ['a[1] loglines', { loglines: { lines: 2 } }],
    ['a[1] environment', { environment: 'Local environment' }],
    ['a[1] code', { code: { script: 'flow.py' } }],
    ['a[1] cards', { cards: [{ type: 'default' }] }],
    ['a[1] times', { times: false }],
  ])('finds a difference in %s', (what, overrides) => {
    const found = compareRuns(side(run()), side(withTask(overrides)));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(what);
  });

  it('finds a task that is missing, one too many, and one that ran twice', () => {
    const { end: _, ...fewer } = run().tasks;
    expect(compareRuns(side(run()), side(run({ tasks: fewer })))).toEqual(['task end only under metaflow']);
    expect(compareRuns(side(run({ tasks: fewer })), side(run()))).toEqual(['task end only under mft']);
    expect(compareRuns(side(run()), side(run({ repeated: ['end'] })))[0]).toContain('ran twice');
  });

  it('finds differences of the run itself', () => {
    expect(compareRuns(side(run()), side(run(), 1))[0]).toContain('exit status');
    expect(compareRuns(side(run()), side(run({ successful: false })))[0]).toContain('Run.successful');
    expect(compareRuns(side(run()), side(run({ userTags: ['t'] })))[0]).toContain('user tags');
    expect(compareRuns(side(run()), side(run({ code: { script: 'flow.py' } })))[0]).toContain('Run.code');
    expect(compareRuns(side(run()), side(run({ originRunId: '16' })))[0]).toContain('Run.origin_run_id');
    expect(compareRuns(side(run()), { status: 0, snapshot: undefined, output: 'why not' })[0]).toContain('why not');
  });

  it('of failed runs compares the tasks that both sides ran, and which ones failed', () => {
    const failed = (key: string) =>
      run({ successful: false, finished: false, tasks: { start: task(), [key]: task({ finished: false }) } });
    expect(compareRuns(side(failed('a'), 1), side(failed('a'), 1))).toEqual([]);
    expect(compareRuns(side(failed('a'), 1), side(failed('b'), 1))[0]).toContain('failed tasks');
  });
});

describe('random flows', () => {
  it('depend on the seed and on nothing else', () => {
    expect(generateFlow(11)).toBe(generateFlow(11));
    expect(generateFlow(11)).not.toBe(generateFlow(12));
  });

  it('use every kind of transition within a few seeds', () => {
    const text = Array.from({ length: 30 }, (_, i) => generateFlow(i + 1)).join('\n');
    for (const part of [
      'foreach="each',
      'condition="switch',
      'condition="loop',
      '_join(self, inputs)',
      '@retry',
      '@catch',
    ]) {
      expect(text).toContain(part);
    }
  });
});
