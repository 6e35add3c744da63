import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSharedBound } from '../src/serve/bound.js';

type Supplier = CustomSlotSupplier<ActivitySlotInfo>;
const context = {} as Parameters<Supplier['reserveSlot']>[0];
const slotInfo: ActivitySlotInfo = { type: 'activity', activityType: 'runMetaflowTask' };
/** Milliseconds after which a slot that waits for a task counts no more. */
const STALE = 150;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Asks for a slot, and remembers whether it came. */
function ask(supplier: Supplier, signal = new AbortController().signal) {
  const asked: { permit?: SlotPermit; error?: unknown } = {};
  supplier.reserveSlot(context, signal).then(
    (permit) => (asked.permit = permit),
    (error: unknown) => (asked.error = error),
  );
  return asked;
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a bound that task queues share', () => {
  it('lets every queue wait for tasks, however many there are', async () => {
    const bound = createSharedBound(1);
    const asked = Array.from({ length: 5 }, () => ask(bound.supplier(() => 1)));
    await settle();
    expect(asked.filter(({ permit }) => permit !== undefined)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5 * STALE);
    expect(asked.every(({ permit }) => permit !== undefined)).toBe(true);
  });

  it('lets nobody ask for tasks while all of its slots are used, and the longest waiting first then', async () => {
    const bound = createSharedBound(2);
    const [a, b] = [bound.supplier(() => 2), bound.supplier(() => 2)];
    const used = [ask(a), ask(a)];
    await settle();
    for (const { permit } of used) a.markSlotUsed({ slotInfo, permit: permit! });
    const [first, second] = [ask(b), ask(a)];
    await vi.advanceTimersByTimeAsync(10 * STALE);
    expect([first.permit, second.permit]).toEqual([undefined, undefined]);
    expect(b.tryReserveSlot(context)).toBeNull();
    a.releaseSlot({ slotInfo, permit: used[0]!.permit! });
    await settle();
    expect([first.permit, second.permit]).toEqual([expect.anything(), undefined]);
    // The queue that was let in has no tasks.
    await vi.advanceTimersByTimeAsync(STALE);
    expect(second.permit).toBeDefined();
  });

  it('counts a slot again that got its task late', async () => {
    const bound = createSharedBound(1);
    const [a, b] = [bound.supplier(() => 1), bound.supplier(() => 1)];
    const late = ask(a);
    await vi.advanceTimersByTimeAsync(STALE);
    a.markSlotUsed({ slotInfo, permit: late.permit! });
    const other = ask(b);
    await vi.advanceTimersByTimeAsync(10 * STALE);
    expect(other.permit).toBeUndefined();
    a.releaseSlot({ slotInfo, permit: late.permit! });
    await settle();
    expect(other.permit).toBeDefined();
  });

  it('keeps a queue within a limit of its own, and lets others pass it', async () => {
    const bound = createSharedBound(3);
    const [narrow, wide] = [bound.supplier(() => 1), bound.supplier(() => 3)];
    const own = ask(narrow);
    await settle();
    narrow.markSlotUsed({ slotInfo, permit: own.permit! });
    const [more, others] = [ask(narrow), ask(wide)];
    await vi.advanceTimersByTimeAsync(10 * STALE);
    expect(more.permit).toBeUndefined();
    expect(others.permit).toBeDefined();
  });

  it('takes further tasks for those that wait for memory, as many again at most', async () => {
    const bound = createSharedBound(2, { memory: 1000 });
    const supplier = bound.supplier(() => Infinity);
    const never = new AbortController().signal;
    const heavy = { memory: 1000, step: 'F/heavy' };
    const take = async (): Promise<boolean> => {
      const permit = supplier.tryReserveSlot(context);
      if (permit !== null) supplier.markSlotUsed({ slotInfo, permit });
      return permit !== null;
    };
    expect(await take()).toBe(true);
    const release = await bound.slots.acquire(never, heavy);
    expect(await take()).toBe(true);
    // Two are taken, and one of them waits: there is a slot for a third.
    const next = bound.slots.acquire(never, heavy);
    const asked = ask(supplier);
    await settle();
    supplier.markSlotUsed({ slotInfo, permit: asked.permit! });
    for (let i = 0; i < 3; i++) void bound.slots.acquire(never, heavy);
    expect([await take(), await take(), await take()]).toEqual([true, false, false]);
    // What was kept waiting runs now, and counts.
    release();
    (await next)();
    await settle();
    expect(bound.slots.use).toMatchObject({ running: 1, waiting: 2 });
  });

  it('forgets who asks no more', async () => {
    const bound = createSharedBound(1);
    const supplier = bound.supplier(() => 1);
    const first = ask(supplier);
    const controller = new AbortController();
    const gone = ask(supplier, controller.signal);
    await settle();
    controller.abort(new Error('shutting down'));
    await settle();
    expect(gone.error).toMatchObject({ message: 'shutting down' });
    supplier.releaseSlot({ permit: first.permit! });
    expect(supplier.tryReserveSlot(context)).not.toBeNull();
  });
});
