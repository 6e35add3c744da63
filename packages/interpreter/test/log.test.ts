import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { taskIdOf } from '@mft/graph';
import { addBlock, addTask, countOf, logOf, namesOf, takeLast, type Log } from '../src/engine/log.js';
import { beside, canUndoBody, openersOf } from '../src/engine/scope.js';
import { advance, initialRange, initialRun, initialUndo, type EngineState, type UndoTask } from '../src/index.js';
import { planOf, policyOf } from './support/graphs.js';
import { splits, wide } from './support/scenarios.js';
import { simulate } from './support/simulate.js';

const task = (step: string, index: readonly number[] = [], visit = 0): UndoTask => ({ step, index, visit });

function tasksOf(log: Log): UndoTask[] {
  const tasks: UndoTask[] = [];
  for (let last = takeLast(log); last !== undefined; last = takeLast(last.rest)) {
    if ('task' in last) tasks.push(last.task);
  }
  return tasks;
}

describe('the log of what is to be undone', () => {
  const anyTask = fc
    .record({
      step: fc.constantFrom('a', 'b', 'loop'),
      index: fc.array(fc.nat({ max: 3000 }), { maxLength: 3 }),
      visit: fc.nat({ max: 99 }),
    })
    .chain((one) =>
      fc.constantFrom<UndoTask>(one, one, { ...one, taskId: `${taskIdOf(one)}_node_1` }, { ...one, taskId: 'mine' }),
    );

  test('gives back what was put in, last first, blocks as one, JSON in between', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyTask)), (blocks) => {
        let log: Log = [];
        for (const [i, tasks] of blocks.entries()) {
          if (i % 2 === 0) for (const one of tasks) log = addTask(log, one);
          else log = addBlock(log, `b${i}`, tasks.reduce(addTask, [] as Log));
        }
        const read = JSON.parse(JSON.stringify(log)) as Log;
        expect(countOf(read)).toBe(blocks.flat().length);
        expect(tasksOf(read)).toEqual(blocks.flat().reverse());
        expect(namesOf(read, 3).length).toBe(Math.min(3, blocks.flat().length));
      }),
    );
  });

  test('reads what earlier code recorded: an entry for each task, blocks of entries', () => {
    const entry = (one: UndoTask) => ({ id: taskIdOf(one), name: one.step, data: one });
    const items = [
      entry(task('start')),
      { block: 'work.0-2', items: [entry(task('work', [1])), entry(task('work', [0]))] },
      entry(task('join')),
    ];
    expect(tasksOf(logOf(items))).toEqual([task('join'), task('work', [0]), task('work', [1]), task('start')]);
    const plan = {
      ...wide,
      policies: { ...wide.policies, start: policyOf('u'), work: policyOf('u'), join: policyOf('u') },
    };
    const { log: _, ...state } = initialRun();
    const outcome = { status: 'failed', error: { type: 'StepFailed', message: 'no' } } as const;
    const saga = { items, running: [], compensated: ['end'], failed: [{ id: 'x', name: 'x', error: 'y' }] };
    const earlier = { ...state, phase: 'compensating', held: true, outcome, saga } as unknown as EngineState;
    const { state: next, commands } = advance(plan, earlier, { type: 'resume', at: 0 });
    expect(commands).toMatchObject([{ type: 'compensate', id: 'temporal-join-0' }]);
    expect(next.undoing).toMatchObject({ inChildren: false, report: { compensated: ['end'], total: 2 } });
    expect(countOf(next.log)).toBe(3);
  });

  test('goes on with the piles that earlier code began', () => {
    const kinds = [{ step: 'work', prefix: [] }, { step: 'loop' }];
    const old: Log = [{ count: 5, kinds, top: [0, 11, 0], below: ' 0!3:0 0:z 1!-a:10 -1' }];
    const earlier = [
      task('work', [11]),
      task('work', [10]),
      task('loop', [], 36),
      task('loop', [], 35),
      task('work', [3]),
    ];
    expect(tasksOf(old)).toEqual(earlier);
    const log = addTask(addTask(old, task('loop', [], 37)), task('work', [9]));
    expect(tasksOf(log)).toEqual([task('work', [9]), task('loop', [], 37), ...earlier]);
  });

  test('100,000 tasks of a foreach stay below 256 KB, in the order in which they completed', () => {
    const plan = { ...wide, policies: { ...wide.policies, work: policyOf('undo_work') } };
    let draw = 1;
    // Not in order, and as far apart as the tasks in flight of one child may be.
    const shuffled = (from: number) =>
      Array.from({ length: 500 }, (_, i) => i)
        .map((i) => [i + ((draw = (draw * 48271) % 0x7fffffff) % 50), i] as const)
        .sort(([a], [b]) => a - b)
        .map(([, i]) => from + i);
    let state = advance(plan, initialRun(), { type: 'begin', at: 0 }).state;
    state = advance(plan, state, { type: 'started', at: 0 }).state;
    state = advance(plan, state, {
      type: 'taskDone',
      at: 0,
      id: 'temporal-start-0',
      transition: { splits: 100_000 },
    }).state;
    let largest = 0;
    for (let children = 0; children < 199; children += 1) {
      const [id, { from, to }] = Object.entries(state.children)[0]!;
      const opener = { step: 'start', index: [], visit: 0 };
      let log: Log = [];
      for (const i of shuffled(from)) log = addTask(log, task('work', [i]));
      const range = initialRange({ opener, join: 'join', from, to });
      const report = {
        outcome: { status: 'completed' as const },
        ends: [{ from, to, step: 'work', visit: 0 }],
        done: 500,
        steps: range.steps,
        saga: log,
      };
      largest = Math.max(largest, JSON.stringify(report).length);
      state = advance(plan, state, { type: 'childDone', at: 0, id, report }).state;
    }
    expect(countOf(state.log)).toBe(99_500);
    const size = JSON.stringify(state).length;
    process.stdout.write(`100,000 tasks to undo: ${size} bytes of state, at most ${largest} in a child's report\n`);
    expect(size).toBeLessThan(256_000);
    expect(largest).toBeLessThan(4000);
  });

  test('a pile of 100,000 tasks in one workflow is added to and taken from in no time', () => {
    const begin = Date.now();
    let log: Log = [];
    for (let i = 0; i < 100_000; i += 1) log = addTask(log, task('loop', [], i));
    expect(JSON.stringify(log).length).toBeLessThan(1_000_000);
    expect(tasksOf(log).length).toBe(100_000);
    expect(Date.now() - begin).toBeLessThan(20_000);
  });
});

describe('what may be undone side by side', () => {
  const plan = planOf(
    ['start', 'split', ['a', 'b'], 'both'],
    ['a', 'foreach', ['inner'], 'gather'],
    ['inner', 'foreach', ['leaf'], 'collect'],
    ['leaf', 'linear', ['collect']],
    ['collect', 'join', ['gather']],
    ['gather', 'join', ['again']],
    ['again', 'foreach', ['twig'], 'rest'],
    ['twig', 'linear', ['rest']],
    ['rest', 'join', ['both']],
    ['b', 'linear', ['both']],
    ['both', 'join', ['end']],
    ['end', 'end', []],
  );

  test('steps know the foreaches around them', () => {
    expect(Object.fromEntries(openersOf(plan))).toMatchObject({
      start: [],
      leaf: ['a', 'inner'],
      collect: ['a'],
      gather: [],
      twig: ['again'],
      rest: [],
      b: [],
      end: [],
    });
  });

  test('different indices of one foreach, and nothing else', () => {
    expect(beside(plan, task('leaf', [1, 2]), task('leaf', [1, 3]))).toBe(true);
    expect(beside(plan, task('leaf', [1, 2]), task('collect', [0]))).toBe(true);
    expect(beside(plan, task('leaf', [1, 2]), task('collect', [1]))).toBe(false);
    expect(beside(plan, task('inner', [1]), task('twig', [2]))).toBe(false);
    expect(beside(plan, task('start'), task('b'))).toBe(false);
    const node = (n: number): UndoTask => ({ ...task('leaf', [0]), taskId: `temporal-leaf-0-0_node_${n}` });
    expect(beside(plan, node(1), node(2))).toBe(true);
    expect(beside(plan, node(1), task('leaf', [0]))).toBe(false);
  });

  test('only a child whose steps have handlers can have left something behind', () => {
    const able = { ...plan, policies: { ...plan.policies, leaf: policyOf('undo_leaf') } };
    expect([canUndoBody(able, 'a'), canUndoBody(able, 'inner'), canUndoBody(able, 'again')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

test('of a control task what it started is undone, and itself where it was one of them', () => {
  const plan = planOf(
    ['start', 'parallel', ['work'], 'join'],
    ['work', 'linear', ['join']],
    ['join', 'join', ['end']],
    ['end', 'end', []],
  );
  const able = { ...plan, policies: { ...plan.policies, work: policyOf('undo_work') } };
  const id = 'temporal-work-0-0';
  for (const [mappers, names] of [
    [
      [id, `${id}_node_1`],
      ['work[0]', 'work[0]_node_1'],
    ],
    [
      ['first', 'second'],
      ['work[0] second', 'work[0] first'],
    ],
  ] as const) {
    let { state } = advance(able, initialRun(), { type: 'begin', at: 0 });
    ({ state } = advance(able, state, { type: 'started', at: 0 }));
    ({ state } = advance(able, state, { type: 'taskDone', at: 0, id: 'temporal-start-0', transition: {} }));
    ({ state } = advance(able, state, { type: 'taskDone', at: 0, id, transition: { mappers } }));
    expect(namesOf(state.log, 9)).toEqual(names);
  }
});

describe('a child that undoes a block', () => {
  test('ends with a report of its own, bounded at any number of tasks', () => {
    const plan = { ...wide, policies: { ...wide.policies, work: policyOf('undo_work') } };
    let log: Log = [];
    for (let i = 0; i < 500; i += 1) log = addTask(log, task('work', [i]));
    const error = { type: 'StepFailed', message: 'no' };
    let { state, commands } = advance(plan, initialUndo(log, error), { type: 'resume', at: 0 });
    for (let i = 499; i >= 0; i -= 1) {
      const id = `temporal-work-${i}-0`;
      expect(commands).toMatchObject([{ type: 'compensate', id, failure: error }]);
      const failed = i % 2 === 0 ? { error: 'x'.repeat(1000) } : {};
      ({ state, commands } = advance(plan, state, { type: 'undone', at: 0, id, ...failed }));
    }
    const [finish] = commands;
    if (finish?.type !== 'finish') throw new Error('It did not end.');
    const { compensation } = finish.report;
    expect(compensation).toMatchObject({ total: 500, more: { compensated: 150, failed: 150 } });
    expect(compensation?.compensated[0]).toBe('work[499]');
    expect(JSON.stringify(compensation).length).toBeLessThan(50_000);
  });

  test('a cancel in the middle changes nothing', () => {
    const plan = { ...wide, policies: { ...wide.policies, work: policyOf('undo_work') } };
    const log = [0, 1].reduce<Log>((all, i) => addTask(all, task('work', [i])), []);
    const begun = advance(plan, initialUndo(log, { type: 'StepFailed', message: 'no' }), { type: 'resume', at: 0 });
    const cancelled = advance(plan, begun.state, { type: 'cancel', at: 0 });
    expect(cancelled.commands).toEqual([]);
    expect(cancelled.state).toEqual(begun.state);
  });
});

test('a run without handlers has nothing to undo and says nothing of it', () => {
  const trace = simulate(wide, splits(3), (below) => below - 1, { failing: 100 });
  expect(trace.report.outcome.status).toBe('failed');
  expect(trace.report.compensation).toBeUndefined();
  expect(trace.state.undoing).toBeUndefined();
});
