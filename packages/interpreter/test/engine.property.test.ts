import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compensationCounts, type Plan } from '@mft/graph';
import type { Limits } from '../src/index.js';
import { choicesFrom } from './support/choices.js';
import { drawFrom, randomPlan } from './support/graphs.js';
import { expectedTasks } from './support/reference.js';
import { simulate } from './support/simulate.js';
import type { Options, Trace } from './support/trace.js';
import { controlOf } from './support/undoing.js';

const RUNS = 300;
const TASKS = 1500;

const seed = fc.integer({ min: 0, max: 0x7fffffff });
const limits: fc.Arbitrary<Partial<Limits>> = fc.record({
  window: fc.integer({ min: 1, max: 12 }),
  childWindow: fc.integer({ min: 1, max: 5 }),
  childThreshold: fc.integer({ min: 3, max: 6 }),
  childNested: fc.integer({ min: 1, max: 4 }),
  childSize: fc.integer({ min: 1, max: 3 }),
  childrenAtOnce: fc.integer({ min: 1, max: 3 }),
  undoInline: fc.integer({ min: 1, max: 20 }),
});
const narrow: fc.Arbitrary<Partial<Limits>> = limits.map((some) => ({ ...some, childThreshold: 1_000_000 }));

interface Case {
  readonly graph: number;
  readonly choices: number;
  readonly order: number;
  readonly width: number;
  readonly limits: Partial<Limits>;
}

const cases = (sizes: fc.Arbitrary<Partial<Limits>>): fc.Arbitrary<Case> =>
  fc.record({ graph: seed, choices: seed, order: seed, width: fc.integer({ min: 1, max: 9 }), limits: sizes });

function play({ graph, choices, order, width, limits }: Case, options: Options = {}) {
  const plan = randomPlan(drawFrom(graph));
  const choose = choicesFrom(choices, width);
  const expected = expectedTasks(plan, choose);
  fc.pre(expected.size <= TASKS);
  const trace = simulate(plan, choose, drawFrom(order), { limits, ...options });
  return { plan, expected, trace };
}

/** Whether a task that completed has a handler. */
function ableIn(plan: Plan, { started }: Trace): (id: string) => boolean {
  return (id) => plan.policies[started.get(controlOf(id))!.task.step]?.compensate !== undefined;
}

/** What started, in a form to compare with the reference. */
function tasksOf({ started }: Trace): Map<string, unknown> {
  return new Map([...started].map(([id, { task: _, ...rest }]) => [id, rest]));
}

function verify(sizes: fc.Arbitrary<Partial<Limits>>, check: (one: Case) => void): void {
  fc.assert(
    fc.property(cases(sizes), (one) => {
      check(one);
    }),
    { numRuns: RUNS },
  );
}

describe('engine, on random graphs', () => {
  test('E1, E2, E3: each task once, after its inputs, joins in order, ids as computed', () => {
    verify(narrow, (one) => {
      const { expected, trace } = play(one);
      expect(trace.violations).toEqual([]);
      expect(trace.report.outcome).toEqual({ status: 'completed' });
      expect(tasksOf(trace)).toEqual(expected);
      expect(trace.report.done).toBe(expected.size);
      expect(trace.completed.length).toBe(expected.size);
      expect(trace.undone).toEqual([]);
    });
  });

  test('E4: JSON and back at every step changes nothing', () => {
    verify(limits, (one) => {
      const { expected, trace } = play(one, { viaJson: true });
      expect(trace.violations).toEqual([]);
      expect(tasksOf(trace)).toEqual(expected);
    });
  });

  test('E5, E6: within window and bounds, children run the same tasks with the same inputs', () => {
    let children = 0;
    verify(limits, (one) => {
      const { expected, trace } = play(one);
      children += trace.children;
      expect(trace.violations).toEqual([]);
      expect(trace.report.outcome).toEqual({ status: 'completed' });
      expect(tasksOf(trace)).toEqual(expected);
      expect(trace.report.done).toBe(expected.size);
    });
    expect(children).toBeGreaterThan(100);
  });

  test('E7, E8: after a failure nothing starts, the run ends, the first error is its own', () => {
    let failed = 0;
    verify(limits, (one) => {
      const { expected, trace } = play(one, { failing: 4 });
      expect(trace.violations).toEqual([]);
      for (const [id, task] of tasksOf(trace)) expect(task).toEqual(expected.get(id));
      const { outcome } = trace.report;
      if (trace.failures.length === 0) return expect(outcome.status).toBe('completed');
      failed += 1;
      if (outcome.status !== 'failed') throw new Error(`failed expected, got ${outcome.status}`);
      // In one workflow the first known error wins; among children, the first of one of them.
      if (trace.children === 0) expect(outcome.error).toEqual(trace.failures[0]);
      else expect(trace.failures).toContainEqual(outcome.error);
    });
    expect(failed).toBeGreaterThan(RUNS / 5);
  });

  test('E7, E8: a cancelled run ends as cancelled, one past its deadline as failed', () => {
    verify(limits, (one) => {
      const when = 1 + (one.order % 40);
      const { plan, trace: cancelled } = play(one, { cancelAt: when });
      expect(cancelled.violations).toEqual([]);
      expect(['completed', 'cancelled']).toContain(cancelled.report.outcome.status);
      if (cancelled.report.outcome.status === 'cancelled')
        expect(cancelled.undone).toEqual(cancelled.lastFirst.filter(ableIn(plan, cancelled)));
      const late = play(one, { deadlineAt: when }).trace;
      expect(late.violations).toEqual([]);
      const { outcome } = late.report;
      if (outcome.status === 'completed') return;
      expect(late.undone).toEqual(late.lastFirst.filter(ableIn(plan, late)));
      expect(outcome).toEqual({ status: 'failed', error: { type: 'WorkflowTimeout', message: 'too late' } });
    });
  });

  test('E9: what completed and can be undone is undone once, last first, children as blocks', () => {
    let undone = 0;
    let byChildren = 0;
    for (const options of [{}, { viaJson: true, holding: 15 }, { holding: 10, earlier: true }]) {
      verify(limits, (one) => {
        const { plan, trace } = play(one, { failing: 3, ...options });
        expect(trace.violations).toEqual([]);
        if (trace.report.outcome.status === 'completed') return expect(trace.undone).toEqual([]);
        const expected = trace.lastFirst.filter(ableIn(plan, trace));
        // Earlier code did not know what a control task had started.
        const known = options.earlier ? expected.filter((id) => controlOf(id) === id) : expected;
        expect(trace.undone).toEqual(known);
        undone += trace.undone.length;
        byChildren += trace.undoChildren;
        if (options.earlier) expect(trace.undoChildren).toBe(0);
      });
    }
    expect(undone).toBeGreaterThan(RUNS);
    expect(byChildren).toBeGreaterThan(RUNS / 20);
  });

  test('U1: several at a time where asked for, begun last first, never beside what they led to or another block', () => {
    let together = 0;
    for (const options of [{}, { viaJson: true, holding: 15 }]) {
      verify(limits, (one) => {
        const parallel = 2 + (one.order % 4);
        const { plan, trace } = play(one, { failing: 3, compensate: { parallel }, ...options });
        expect(trace.violations).toEqual([]);
        if (trace.report.outcome.status === 'completed') return expect(trace.undone).toEqual([]);
        expect(trace.undone).toEqual(trace.lastFirst.filter(ableIn(plan, trace)));
        if (trace.undoneAtOnce > 1) together += 1;
      });
    }
    expect(together).toBeGreaterThan(RUNS / 10);
  });

  test('U3: children that are terminated, also while they undo: everything else is undone once, and the report says what is not', () => {
    let lost = 0;
    let lostBlocks = 0;
    verify(limits, (one) => {
      const options = { failing: 2, losing: 5, losingUndo: 30, holding: 5, compensate: { parallel: 2 } };
      const { plan, trace } = play({ ...one, width: 9 }, options);
      expect(trace.violations).toEqual([]);
      if (trace.report.outcome.status === 'completed') return expect(trace.undone).toEqual([]);
      const able = ableIn(plan, trace);
      const unknown = new Set([...trace.lostBlocks.values()].flat());
      const sure = (id: string) => able(id) && !unknown.has(id);
      expect(trace.undone.filter(sure)).toEqual(trace.lastFirst.filter(sure));
      const { compensation } = trace.report;
      const counts = compensationCounts(compensation ?? { total: 0, compensated: [], failed: [], unreached: [] });
      expect(counts.compensated + counts.failed + counts.unreached).toBe(compensation?.total ?? 0);
      expect(compensation?.total ?? 0).toBeGreaterThanOrEqual(trace.lastFirst.filter(able).length);
      for (const [name, ids] of [...trace.lost, ...trace.lostBlocks]) {
        if (!ids.some(able) || (compensation?.more?.unreached ?? 0) > 0) continue;
        expect(compensation?.unreached).toContain(name);
      }
      lost += trace.lost.size;
      lostBlocks += trace.lostBlocks.size;
    });
    expect(lost).toBeGreaterThan(RUNS / 10);
    expect(lostBlocks).toBeGreaterThan(0);
  });

  test('E7, E9: a run that is terminated is undone', () => {
    let terminated = 0;
    verify(limits, (one) => {
      const { plan, trace } = play(one, { terminateAt: 1 + (one.order % 40), holding: 5 });
      expect(trace.violations).toEqual([]);
      const { outcome } = trace.report;
      if (outcome.status === 'completed') return;
      expect(outcome).toEqual({ status: 'terminated', error: { type: 'Terminated', message: 'enough' } });
      expect(trace.undone).toEqual(trace.lastFirst.filter(ableIn(plan, trace)));
      terminated += 1;
    });
    expect(terminated).toBeGreaterThan(RUNS / 3);
  });

  test('E10: held and resumed anywhere, the run is the same', () => {
    verify(limits, (one) => {
      const { expected, trace } = play(one, { holding: 10, viaJson: true });
      expect(trace.violations).toEqual([]);
      expect(trace.report.outcome).toEqual({ status: 'completed' });
      expect(tasksOf(trace)).toEqual(expected);
    });
    verify(limits, (one) => {
      const { trace } = play(one, { holding: 10, failing: 4 });
      expect(trace.violations).toEqual([]);
      expect(trace.report.outcome.status).toBe(trace.failures.length === 0 ? 'completed' : 'failed');
    });
  });

  test('E11: suspended anywhere, nothing starts; afterwards the run is the same', () => {
    let suspensions = 0;
    verify(limits, (one) => {
      const { expected, trace } = play(one, { suspending: 20, holding: 5, viaJson: true });
      suspensions += trace.suspensions;
      expect(trace.violations).toEqual([]);
      expect(trace.report.outcome).toEqual({ status: 'completed' });
      expect(tasksOf(trace)).toEqual(expected);
    });
    expect(suspensions).toBeGreaterThan(RUNS);
  });

  test('E11: a suspended run still fails, is cancelled, runs out of time and undoes', () => {
    verify(limits, (one) => {
      const when = 1 + (one.order % 30);
      const cancelled = play(one, { suspending: 30, cancelAt: when }).trace;
      expect(cancelled.violations).toEqual([]);
      expect(['completed', 'cancelled']).toContain(cancelled.report.outcome.status);
      const late = play(one, { suspending: 30, deadlineAt: when }).trace;
      expect(late.violations).toEqual([]);
      expect(['completed', 'failed']).toContain(late.report.outcome.status);
      const { plan, trace } = play(one, { suspending: 30, failing: 4 });
      expect(trace.violations).toEqual([]);
      if (trace.report.outcome.status === 'completed') return;
      const able = ableIn(plan, trace);
      expect(trace.undone).toEqual(trace.lastFirst.filter(able));
    });
  });

  test('E12: what was cloned is not undone, everything else is', () => {
    let cloned = 0;
    verify(limits, (one) => {
      const { plan, trace } = play(one, { failing: 3, cloning: 50 });
      if (trace.report.outcome.status === 'completed') return;
      const able = ableIn(plan, trace);
      expect(trace.undone).toEqual(trace.lastFirst.filter((id) => able(id) && !trace.cloned.has(id)));
      cloned += trace.cloned.size;
    });
    expect(cloned).toBeGreaterThan(RUNS);
    verify(limits, (one) => {
      const { plan, trace } = play(one, { failing: 3, cloning: 50, compensate: { cloned: true } });
      if (trace.report.outcome.status === 'completed') return;
      expect(trace.undone).toEqual(trace.lastFirst.filter(ableIn(plan, trace)));
    });
  });

  test('E13: a foreach over more than is allowed fails the run before its first task, also one in a child', () => {
    let refused = 0;
    let inChildren = 0;
    verify(limits, (one) => {
      const maxNumSplits = 1 + (one.order % 9);
      const { plan, expected, trace } = play({ ...one, limits: { ...one.limits, maxNumSplits } });
      expect(trace.violations).toEqual([]);
      const beyond = (tasks: Iterable<{ splitIndex?: number }>) =>
        [...tasks].some(({ splitIndex = 0 }) => splitIndex >= maxNumSplits);
      if (!beyond(expected.values())) return expect(trace.report.outcome).toEqual({ status: 'completed' });
      expect(trace.report.outcome).toMatchObject({ status: 'failed', error: { type: 'TooManySplits' } });
      expect(beyond(trace.started.values())).toBe(false);
      expect(trace.undone).toEqual(trace.lastFirst.filter(ableIn(plan, trace)));
      refused += 1;
      if (trace.children > 0) inChildren += 1;
    });
    expect(refused).toBeGreaterThan(RUNS / 10);
    expect(inChildren).toBeGreaterThan(0);
  });

  test('E14: an engine that keeps its state does what the reducer does, whatever happens', () => {
    let events = 0;
    verify(limits, (one) => {
      const { trace } = play(one, {
        failing: 2,
        holding: 5,
        suspending: 5,
        losing: 2,
        cloning: 10,
        compensate: { parallel: 2 },
      });
      events += trace.started.size;
      // Each event is applied by both: to a frozen state, and to one that is kept.
      expect(trace.violations).toEqual([]);
    });
    expect(events).toBeGreaterThan(RUNS);
  });

  test('counts of progress add up when all is done', () => {
    verify(limits, (one) => {
      const { trace } = play(one);
      const steps = Object.values(trace.report.steps);
      expect(steps.reduce((sum, { done }) => sum + done, 0)).toBe(trace.report.done);
      for (const { total, running, done, failed } of steps) expect([total, running, failed]).toEqual([done, 0, 0]);
    });
  });
});
