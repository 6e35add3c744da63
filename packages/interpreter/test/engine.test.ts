import { describe, expect, test } from 'vitest';
import type { Transition } from '@mft/graph';
import { addEnd } from '../src/engine/ends.js';
import { advance, initialRange, initialRun, LIMITS, type Advance, type EngineState } from '../src/index.js';
import { planOf } from './support/graphs.js';
import { wide } from './support/scenarios.js';

const at = 0;

function begin(plan: Parameters<typeof advance>[0]): EngineState {
  const { state } = advance(plan, initialRun(), { type: 'begin', at });
  return advance(plan, state, { type: 'started', at }).state;
}

function done(
  plan: Parameters<typeof advance>[0],
  state: EngineState,
  id: string,
  transition: Transition = {},
): Advance {
  return advance(plan, state, { type: 'taskDone', at, id, transition });
}

describe('what a runner must not answer', () => {
  const choice = planOf(
    ['start', 'switch', ['a', 'b']],
    ['a', 'linear', ['end']],
    ['b', 'linear', ['end']],
    ['end', 'end', []],
  );
  const parallel = planOf(
    ['start', 'parallel', ['work'], 'join'],
    ['work', 'linear', ['join']],
    ['join', 'join', ['end']],
    ['end', 'end', []],
  );

  const refusal = (plan: typeof wide, transition: Transition, ...before: readonly string[]) => {
    let state = begin(plan);
    for (const id of before) ({ state } = done(plan, state, id));
    const last = done(plan, state, Object.keys(state.running)[0]!, transition);
    expect(last.state.phase).toBe('ended');
    return last.state.outcome;
  };
  const invalid = (message: string) => ({ status: 'failed', error: { type: 'InvalidTransition', message } });

  test('a foreach over nothing, or over an unknown number', () => {
    expect(refusal(wide, { splits: 0 })).toMatchObject(invalid('Step start opened a foreach over 0 items.'));
    expect(refusal(wide, {})).toMatchObject(invalid('Step start opened a foreach over an unknown number of items.'));
  });

  test('a branch that is none, or no branch', () => {
    expect(refusal(choice, { branch: 'c' })).toMatchObject(
      invalid('Step start chose "c", which is none of its branches.'),
    );
    expect(refusal(choice, {})).toMatchObject(invalid('Step start chose no branch.'));
  });

  test('a control task that names no tasks', () => {
    expect(refusal(parallel, {}, 'temporal-start-0')).toMatchObject(
      invalid('Step work[0] named no tasks for its join.'),
    );
  });
});

describe('a limit on the tasks of a foreach', () => {
  const limited = (maxNumSplits: number, transition: Transition) => {
    let { state } = advance(wide, initialRun({ ...LIMITS, maxNumSplits }), { type: 'begin', at });
    ({ state } = advance(wide, state, { type: 'started', at }));
    return done(wide, state, 'temporal-start-0', transition);
  };

  test("fails the run in Metaflow's words, by the task that is done", () => {
    const { state, commands } = limited(3, { splits: 5 });
    expect(commands).toMatchObject([{ type: 'finish' }]);
    expect(state).toMatchObject({ phase: 'ended', done: 1 });
    expect(state.outcome).toEqual({
      status: 'failed',
      error: {
        type: 'TooManySplits',
        message:
          'Foreach in step *start* yielded 5 child steps which is more than the current maximum of 3 children. ' +
          'You can raise the maximum with the --max-num-splits option.',
        task: { step: 'start', index: [], visit: 0 },
        details: [{ step: 'start' }],
      },
    });
  });

  test('lets as many begin, and knows nothing of a foreach without a bound', () => {
    expect(limited(5, { splits: 5 }).commands).toHaveLength(5);
    expect(limited(1, { unbounded: true }).commands).toMatchObject([
      { type: 'runTask', task: { parallel: 'control' } },
    ]);
  });
});

describe('parts', () => {
  test('runs of equal ends are joined, whatever the order of arrival', () => {
    const end = (i: number, step = 'a') => ({ from: i, to: i + 1, step, visit: 0 });
    const ends = [end(3), end(0), end(2), end(1), end(5, 'b'), end(4)].reduce(addEnd, [] as ReturnType<typeof addEnd>);
    expect(ends).toEqual([
      { from: 0, to: 5, step: 'a', visit: 0 },
      { from: 5, to: 6, step: 'b', visit: 0 },
    ]);
    expect(() => addEnd(ends, end(2))).toThrow('Index 2 of a frame has arrived twice.');
  });

  test('a wide foreach costs the state nothing: 100,000 indices are one frame', () => {
    const { state, commands } = done(wide, begin(wide), 'temporal-start-0', { splits: 100_000 });
    expect(commands.map((command) => (command.type === 'startChild' ? command.id : command.type))).toEqual([
      ...['work.0-500', 'work.500-1000', 'work.1000-1500', 'work.1500-2000'],
      ...['work.2000-2500', 'work.2500-3000', 'work.3000-3500', 'work.3500-4000'],
    ]);
    expect(JSON.stringify(state).length).toBeLessThan(2000);
    expect(state.steps['work']).toMatchObject({ total: 100_000 });
  });

  test('a foreach that turns out to have no bound opens one control task, whose siblings the join gets', () => {
    const opened = done(wide, begin(wide), 'temporal-start-0', { unbounded: true });
    expect(opened.commands).toMatchObject([
      { type: 'runTask', id: 'temporal-work-0-0', task: { parallel: 'control' } },
    ]);
    expect(done(wide, opened.state, 'temporal-work-0-0', { mappers: ['c-0', 'c-1'] }).commands).toMatchObject([
      {
        type: 'runTask',
        task: { step: 'join', joinType: 'foreach', inputs: [{ step: 'work', taskIds: ['c-0', 'c-1'] }] },
      },
    ]);
  });

  test('a child has its own window and reports its range', () => {
    const opener = { step: 'start', index: [], visit: 0 };
    let { state, commands } = advance(wide, initialRange({ opener, join: 'join', from: 500, to: 600 }), {
      type: 'begin',
      at,
    });
    expect(commands.length).toBe(LIMITS.childWindow);
    for (let i = 500; i < 600; i += 1) ({ state, commands } = done(wide, state, `temporal-work-${i}-0`));
    expect(commands).toMatchObject([
      {
        type: 'finish',
        report: { outcome: { status: 'completed' }, done: 100, ends: [{ from: 500, to: 600, step: 'work', visit: 0 }] },
      },
    ]);
  });

  test('an event that cannot be is a defect', () => {
    expect(() => done(wide, begin(wide), 'temporal-work-0-0')).toThrow(
      'Task temporal-work-0-0 ended and was not running.',
    );
  });
});
