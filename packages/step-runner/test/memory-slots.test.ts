import { describe, expect, it } from 'vitest';
import { createTaskSlots, type CountedSlots } from '../src/index.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Tasks that have asked, by name, and which of them run. */
function crowd(slots: CountedSlots) {
  const running: string[] = [];
  const order: string[] = [];
  const releases = new Map<string, () => void>();
  return {
    running,
    order,
    ask: async (name: string, memory = 0, signal = new AbortController().signal) => {
      const need = memory === 0 ? undefined : { memory, step: `F/${name}` };
      slots.acquire(signal, need).then(
        (release) => {
          running.push(name);
          order.push(name);
          releases.set(name, release);
        },
        () => undefined,
      );
      await settle();
    },
    end: async (name: string) => {
      running.splice(running.indexOf(name), 1);
      releases.get(name)!();
      await settle();
    },
  };
}

describe('memory that tasks share', () => {
  it('S2: is never promised twice, and goes to whoever fits, in order', async () => {
    const slots = createTaskSlots(4, { memory: 10_000 });
    const { running, ask, end } = crowd(slots);
    await ask('a', 8000);
    await ask('b', 8000);
    await ask('c', 2000);
    await ask('d', 2000);
    expect(running).toEqual(['a', 'c']);
    expect(slots.memory).toEqual({ total: 10_000, taken: 10_000, waiting: 2 });
    await end('a');
    expect(running).toEqual(['c', 'b']);
    await end('c');
    expect(running).toEqual(['b', 'd']);
    await end('b');
    await end('d');
    expect(slots.memory).toEqual({ total: 10_000, taken: 0, waiting: 0 });
  });

  it('is of no concern to tasks that ask for none, but for their slots', async () => {
    const { running, ask, end } = crowd(createTaskSlots(2, { memory: 1000 }));
    await ask('heavy', 1000);
    await ask('next', 1000);
    for (const name of ['p', 'q', 'r']) await ask(name);
    expect(running).toEqual(['heavy', 'p']);
    for (const name of ['p', 'q']) await end(name);
    expect(running).toEqual(['heavy', 'r']);
    await end('heavy');
    expect(running).toEqual(['r', 'next']);
  });

  it('is all given to a task that asks for more than there is: alone, and with one warning a step', async () => {
    const warnings: string[] = [];
    const slots = createTaskSlots(4, { memory: 1000, warn: (message) => warnings.push(message) });
    const { running, ask, end } = crowd(slots);
    await ask('small', 1);
    await ask('huge', 5000);
    await ask('light');
    expect(running).toEqual(['small', 'light']);
    await end('small');
    await ask('small', 1);
    expect(running).toEqual(['light', 'huge']);
    await end('huge');
    expect(running).toEqual(['light', 'small']);
    await end('small');
    await ask('huge', 5000);
    expect(running).toEqual(['light', 'huge']);
    expect(warnings).toEqual([
      expect.stringContaining('F/huge asks for 5000 MB of memory, and this worker has 1000 MB'),
    ]);
  });

  it('S4: is kept for the oldest that waits for it, once sixteen have overtaken it', async () => {
    const slots = createTaskSlots(Infinity, { memory: 1000 });
    const { running, order, ask, end } = crowd(slots);
    await ask('first', 600);
    await ask('large', 1000);
    for (let i = 0; i < 30; i++) {
      await ask(`small-${i}`, 300);
      if (running.includes(`small-${i}`)) await end(`small-${i}`);
    }
    await ask('light');
    expect(order.filter((name) => name.startsWith('small'))).toHaveLength(16);
    expect(running).toEqual(['first', 'light']);
    await end('first');
    expect(running).toEqual(['light', 'large']);
    await end('large');
    expect(running).toEqual(['light', 'small-16', 'small-17', 'small-18']);
  });

  it('is kept for nobody who was cancelled', async () => {
    const slots = createTaskSlots(Infinity, { memory: 1000 });
    const { running, ask, end } = crowd(slots);
    const controller = new AbortController();
    await ask('first', 600);
    await ask('large', 1000, controller.signal);
    for (let i = 0; i < 16; i++) {
      await ask(`small-${i}`, 300);
      await end(`small-${i}`);
    }
    await ask('small', 300);
    expect(running).toEqual(['first']);
    controller.abort(new Error('enough'));
    await settle();
    expect(running).toEqual(['first', 'small']);
  });

  it('comes to everybody in the end, whatever they ask for', async () => {
    const slots = createTaskSlots(3, { memory: 1000 });
    const { running, order, ask, end } = crowd(slots);
    for (let i = 0; i < 200; i++) await ask(`${i}`, (i * 7919) % 1500);
    while (running.length > 0) {
      expect(running.length).toBeLessThanOrEqual(3);
      expect(slots.memory.taken).toBeLessThanOrEqual(1000);
      await end(running[0]!);
    }
    expect(order).toHaveLength(200);
    expect(slots.use).toEqual({ total: 3, running: 0, waiting: 0 });
  });
});
