import type { FlowConfig, TaskInput } from '@mft/graph';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createStepActivities, createTaskSlots } from '../src/index.js';
import { until } from './support/processes.js';

const never = new AbortController().signal;

describe('task slots', () => {
  it('are given to no more than there are, in the order in which they were asked for', async () => {
    const slots = createTaskSlots(2);
    const order: number[] = [];
    const releases = [await slots.acquire(never), await slots.acquire(never)];
    const waiting = [3, 4].map((who) => slots.acquire(never).then((release) => (order.push(who), release)));
    expect(slots.use).toEqual({ total: 2, running: 2, waiting: 2 });
    releases[1]!();
    const third = await waiting[0]!;
    expect(order).toEqual([3]);
    third();
    (await waiting[1]!)();
    releases[0]!();
    expect(order).toEqual([3, 4]);
    expect(slots.use).toEqual({ total: 2, running: 0, waiting: 0 });
  });

  it('given back twice are one', async () => {
    const slots = createTaskSlots(1);
    const release = await slots.acquire(never);
    release();
    release();
    await slots.acquire(never);
    expect(slots.use.running).toBe(1);
  });

  it('are not waited for by who was cancelled', async () => {
    const slots = createTaskSlots(1);
    const release = await slots.acquire(never);
    const controller = new AbortController();
    const cancelled = slots.acquire(controller.signal);
    const next = slots.acquire(never);
    controller.abort(new Error('enough'));
    await expect(cancelled).rejects.toThrow('enough');
    await expect(slots.acquire(controller.signal)).rejects.toThrow('enough');
    expect(slots.use).toEqual({ total: 1, running: 1, waiting: 1 });
    release();
    (await next)();
    expect(slots.use.running).toBe(0);
  });
});

describe('a task that waits for a slot', () => {
  const config = {
    ...{ version: 1, name: 'F', taskQueue: 'f', tags: [], parameters: [], options: [], environment: {} },
    flow: { name: 'F', file: 'f.py', directory: '/' },
    plan: { policies: { start: { retry: { user: 0, error: 0, minutesBetween: 0, losses: 2 } } } },
    datastore: { type: 'local', root: '/' },
    interpreter: '/nowhere/python',
  } as unknown as FlowConfig;
  const hash = 'f'.repeat(64);
  const input: TaskInput = { hash, runId: 'temporal-F', step: 'start', index: [], visit: 0, inputs: [], tags: [] };

  it('sends heartbeats, starts no process, and can be cancelled', async () => {
    const slots = createTaskSlots(1);
    const release = await slots.acquire(never);
    const runner = createStepActivities({ config, hash, slots, heartbeat: 0.02 });
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => beats++);
    const task = environment.run(runner.activities.runMetaflowTask, input);
    task.catch(() => undefined);
    // Unless told otherwise they are two seconds apart.
    await until(() => beats > 2, 'heartbeats', 3000);
    expect(slots.use.waiting).toBe(1);
    environment.cancel('CANCELLED');
    await expect(task).rejects.toThrow(CancelledFailure);
    expect(slots.use.waiting).toBe(0);
    release();
    await runner.close(0);
  });

  it('gives its slot back, however it ends', async () => {
    const slots = createTaskSlots(1);
    const runner = createStepActivities({ config, hash, slots, onLauncherLog: () => undefined });
    const environment = new MockActivityEnvironment();
    await expect(environment.run(runner.activities.runMetaflowTask, input)).rejects.toThrow('The task was lost');
    expect(slots.use).toEqual({ total: 1, running: 0, waiting: 0 });
    await runner.close(0);
  });
});
