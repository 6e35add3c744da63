import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Happening } from '../src/workflow/bench.js';
import { together } from '../src/workflow/together.js';

/*
 * R1: in one activation, the order in which the engine hears of several things is the one that runs under way were recorded with. Then each
 * end of a task came by promises of its own: `work.run(…).then(…).then(dispatch)`.
 */

type Kind = 'task' | 'cancel' | 'deadline' | 'child' | 'again';
const kinds: readonly Kind[] = ['task', 'task', 'task', 'cancel', 'deadline', 'child', 'again'];

/** As a scope of Temporal's runs something. */
async function run<T>(act: () => Promise<T>): Promise<T> {
  return await act();
}

/** Lets things happen in one go, in the order given, and answers in which order they were heard. */
async function heard(
  happen: readonly Kind[],
  listen: (tell: (happening: Happening) => void) => typeof tell,
): Promise<readonly string[]> {
  const order: string[] = [];
  const tell = (happening: Happening) => void order.push((happening as { id: string }).id);
  const tellTask = listen(tell);
  const ends = happen.map((kind, i) => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const what: Happening = { type: 'taskDone', id: `${i} ${kind}`, transition: {} };
    if (kind === 'task') void ended.then(() => tellTask(what));
    else if (kind === 'cancel') void ended.then(() => tell(what));
    else if (kind === 'deadline') void run(() => ended).then(() => tell(what));
    else if (kind === 'again') void ended.then(() => run(() => Promise.resolve())).then(() => tell(what));
    else
      void run(async () => await run(() => ended))
        .then(() => what)
        .then(tell);
    return end;
  });
  for (const end of ends) end();
  await new Promise((done) => setTimeout(done));
  return order;
}

test('R1: told together, in the order in which each was told alone', async () => {
  const alone = (tell: (happening: Happening) => void) => (happening: Happening) =>
    void Promise.resolve()
      .then(() => happening)
      .then(tell);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 12 }), async (happen) => {
      expect(await heard(happen, together)).toEqual(await heard(happen, alone));
    }),
  );
});

test('nothing is told twice, and what comes later is told as well', async () => {
  const told: string[] = [];
  const tell = together((happening) => void told.push((happening as { id: string }).id));
  for (const id of ['a', 'b', 'c']) {
    tell({ type: 'taskDone', id, transition: {} });
    if (id !== 'a') await new Promise((done) => setTimeout(done));
  }
  expect(told).toEqual(['a', 'b', 'c']);
});
