import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coordinatesOf,
  inputPaths,
  maximumAttempts,
  PARAMETERS_TASK_ID,
  runIdOf,
  taskIdOf,
  taskLabel,
  workflowIdOf,
} from '../src/index.js';

// Workflow ids as people and schedules make them, and ids made to look like escapes.
const workflowId = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.string({
    minLength: 1,
    unit: fc.constantFrom('_', 'x', '3', 'a', ':', '_x3a_', '_x5f_', '-', 'é', '😀', '\ud83d'),
  }),
);

describe('runIdOf', () => {
  test.each([
    ['HelloFlow-x7k2', 'temporal-HelloFlow-x7k2'],
    ['Hello:2026', 'temporal-Hello_x3a_2026'],
    ['a_x3a_b', 'temporal-a_x5f_x3a_b'],
    [
      'shop.user.me.Flow-workflow-2026-01-01T00:00:00Z',
      'temporal-shop.user.me.Flow-workflow-2026-01-01T00_x3a_00_x3a_00Z',
    ],
  ])('%s → %s', (id, run) => {
    expect(runIdOf(id)).toBe(run);
  });

  test('I1: one-to-one, in the alphabet that input paths allow', () => {
    fc.assert(
      fc.property(workflowId, workflowId, (a, b) => {
        const [x, y] = [runIdOf(a), runIdOf(b)];
        expect(x).toMatch(/^temporal-[A-Za-z0-9._-]+$/);
        expect(x === y).toBe(a === b);
      }),
      { numRuns: 5000 },
    );
  });

  test('I1: what an id is escaped to belongs to no other id', () => {
    fc.assert(
      fc.property(workflowId, (id) => {
        const taken = runIdOf(id).slice('temporal-'.length);
        if (taken !== id) expect(runIdOf(taken)).not.toBe(runIdOf(id));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('workflowIdOf', () => {
  test('is the inverse of runIdOf', () => {
    fc.assert(
      fc.property(workflowId, (id) => {
        expect(workflowIdOf(runIdOf(id))).toBe(id);
      }),
      { numRuns: 5000 },
    );
  });

  test.each(['1718', '', 'temporal-', 'sfn-1'])('%s is no run of ours', (runId) => {
    expect(workflowIdOf(runId)).toBeUndefined();
  });
});

describe('coordinatesOf', () => {
  test('is the inverse of taskIdOf, whatever the step is called', () => {
    const coordinates = fc.record({
      step: fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/),
      index: fc.array(fc.nat(), { maxLength: 3 }),
      visit: fc.nat(),
    });
    fc.assert(
      fc.property(coordinates, (task) => {
        expect(coordinatesOf(task.step, taskIdOf(task))).toEqual(task);
      }),
    );
  });

  test.each(['17', 'temporal-train', 'temporal-train-x', 'temporal-trainer-0', 'temporal-train-0_1'])(
    '%s is no task of ours',
    (taskId) => {
      expect(coordinatesOf('train', taskId)).toBeUndefined();
    },
  );
});

describe('taskIdOf', () => {
  test.each([
    [{ step: 'train', index: [], visit: 0 }, 'temporal-train-0', 'train'],
    [{ step: 'train', index: [3], visit: 0 }, 'temporal-train-3-0', 'train[3]'],
    [{ step: 'train', index: [3, 1], visit: 2 }, 'temporal-train-3_1-2', 'train[3,1]#2'],
    [{ step: 'loop', index: [], visit: 4 }, 'temporal-loop-4', 'loop#4'],
  ])('%o → %s, shown as %s', (coordinates, id, label) => {
    expect(taskIdOf(coordinates)).toBe(id);
    expect(taskLabel(coordinates)).toBe(label);
  });

  test('I2: unique within a step, whose depth of foreach is fixed', () => {
    const coordinates = fc.integer({ min: 0, max: 3 }).chain((depth) => {
      const one = fc.record({
        step: fc.constantFrom('a', 'a_1', 'train', '_parameters'),
        index: fc.array(fc.nat(20), { minLength: depth, maxLength: depth }),
        visit: fc.nat(20),
      });
      return fc.tuple(one, one);
    });
    fc.assert(
      fc.property(coordinates, ([a, b]) => {
        expect(taskIdOf(a) === taskIdOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2000 },
    );
  });

  test('I3: never a number only', () => {
    expect(PARAMETERS_TASK_ID).toBe('temporal-_parameters-0');
    expect(Number.isNaN(Number(runIdOf('42')))).toBe(true);
  });
});

test('inputPaths spells out single tasks, ranges and named tasks, in order', () => {
  expect(
    inputPaths('R', [
      { step: 'a', index: [], visit: 1 },
      { step: 'b', index: [7], visit: 0, from: 1, to: 3 },
      { step: 'c', taskIds: ['x', 'y'] },
    ]),
  ).toEqual(['R/a/temporal-a-1', 'R/b/temporal-b-7_1-0', 'R/b/temporal-b-7_2-0', 'R/c/x', 'R/c/y']);
});

test('maximumAttempts never passes Metaflow’s own bound', () => {
  expect(maximumAttempts({ user: 0, error: 0, minutesBetween: 0, losses: 0 })).toBe(1);
  expect(maximumAttempts({ user: 1, error: 1, minutesBetween: 0, losses: 2 })).toBe(5);
  expect(maximumAttempts({ user: 4, error: 3, minutesBetween: 0, losses: 2 })).toBe(6);
});

test('a task that a control task started is named after it', () => {
  const control = { step: 'train', index: [0], visit: 0 };
  expect(taskLabel(control, 'temporal-train-0-0_node_1')).toBe('train[0]_node_1');
  expect(taskLabel(control, 'mine')).toBe('train[0] mine');
});
