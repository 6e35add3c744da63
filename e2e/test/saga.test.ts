import { beforeAll, expect, it } from 'vitest';
import { ask } from './support.js';
import { handlers, useSagaBench } from './saga-bench.js';
import { childrenOf, linesOf, ordersOf } from './undone.js';

/*
 * Runs that fail, of flows of every shape whose handlers write a line each: what they wrote is compared with the order in which Temporal's
 * history says that tasks completed.
 */

const { bench, file, serve, trigger, expectReversed } = useSagaBench({
  booking: 'BookingFlow',
  booking_steps: 'BookingStepsFlow',
  branches: 'BranchesFlow',
  wide: 'WideFlow',
  nested: 'NestedFlow',
  choices: 'ChoicesFlow',
  gang: 'GangFlow',
  unbounded: 'UnboundedFlow',
  mutated: 'MutatedFlow',
});

beforeAll(() => serve().then(() => undefined), 60_000);

it.each([['BookingFlow'], ['BookingStepsFlow']])('%s: cancels the flight, then the hotel', async (flow) => {
  const undone = await trigger(flow);
  expect(undone).toMatchObject({
    status: 'failed',
    error: { step: 'confirm', type: 'RuntimeError', message: expect.stringContaining('Payment declined') },
    compensation: { compensated: ['book_flight', 'book_hotel'] },
  });
  expect(undone.lines).toMatchObject([
    { handler: 'cancel_flight', value: 'seat 12A', attempt: 0 },
    { handler: 'cancel_hotel', value: 'room 7', attempt: 0 },
  ]);
  for (const line of undone.lines)
    expect(line).toMatchObject({
      ...{ failed_step: 'confirm', type: 'RuntimeError', message: 'Payment declined' },
      key: expect.stringContaining(undone.runId),
    });
  await expectReversed(undone, ['book_hotel', 'book_flight']);
  // Handlers are no tasks, and what they did is known of the task that they undid.
  const seen = '[sorted(s.id for s in run), run["book_hotel"].task.metadata_dict["temporal-compensation"]]';
  const [steps, told] = (await ask(bench, undone.pathspec, seen)) as [string[], string];
  expect(steps).toEqual(['book_flight', 'book_hotel', 'confirm', 'start']);
  expect(JSON.parse(told)).toMatchObject({ handler: 'cancel_hotel', ok: true, attempt: 0 });
});

it('two branches, of which one fails while another goes on', async () => {
  const undone = await trigger('BranchesFlow');
  expect(undone.error).toMatchObject({ step: 'failing', type: 'ValueError' });
  expect(handlers(undone)).toEqual(['undo_after_quick', 'undo_quick', 'undo_start']);
  await expectReversed(undone, ['start', 'quick', 'after_quick', 'endless']);
});

it('a foreach of 50, and its join fails', async () => {
  const undone = await trigger('WideFlow', 'width=50');
  expect(undone.error).toMatchObject({ step: 'join', message: expect.stringContaining('the join fails') });
  await expectReversed(undone, ['start', 'body']);
  const bodies = undone.lines.filter(({ handler }) => handler === 'undo_body');
  expect(bodies.toSorted((a, b) => a.index! - b.index!)).toMatchObject(
    Array.from({ length: 50 }, (_, index) => ({ index, input: `item ${index}`, value: `ITEM ${index}` })),
  );
  expect(undone.lines.at(-1)).toMatchObject({ handler: 'undo_start', value: 50 });
});

it('the same, four at a time', async () => {
  const undone = await trigger('WideFlow', 'width=12', '--compensate-parallel', '4');
  expect(undone.compensation).toMatchObject({ total: 13, failed: [], unreached: [] });
  expect(new Set(undone.lines.map(({ task }) => task)).size).toBe(13);
  expect(undone.lines).toHaveLength(13);
  expect(undone.lines.at(-1)!.handler).toBe('undo_start');
});

it('a foreach within a foreach', async () => {
  const undone = await trigger('NestedFlow');
  await expectReversed(undone, ['work', 'gather']);
  expect(handlers(undone).filter((handler) => handler === 'undo_work')).toHaveLength(9);
  const gathers = undone.lines.filter(({ handler }) => handler === 'undo_gather').map(({ value }) => value);
  expect(gathers).toHaveLength(3);
  expect(gathers).toEqual(expect.arrayContaining([['b1', 'b2', 'b3']]));
  const work = undone.lines.find(({ task }) => task === 'temporal-work-2_1-0');
  expect(work).toMatchObject({ value: 'c2', stack: [2, 1] });
});

it('the branch of a switch that was taken, and each round of a loop', async () => {
  const undone = await trigger('ChoicesFlow');
  expect(handlers(undone)).toEqual([...Array<string>(4).fill('undo_round'), 'undo_left']);
  expect(undone.lines.map(({ value }) => value).slice(0, 4)).toEqual([4, 3, 2, 1]);
  await expectReversed(undone, ['left', 'right', 'round']);
});

it('each task of a gang', async () => {
  const undone = await trigger('GangFlow');
  expect(undone.error).toMatchObject({ step: 'join', type: 'ValueError' });
  expect(undone.compensation).toMatchObject({ total: 3, failed: [], unreached: [] });
  expect(handlers(undone)).toEqual(Array<string>(3).fill('undo_train'));
  expect(undone.lines.map(({ value, index }) => [value, index]).toSorted()).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  expect(new Set(undone.lines.map(({ key }) => key)).size).toBe(3);
});

it('a failure within a foreach: what runs is cancelled, what ended is undone', async () => {
  const undone = await trigger('WideFlow', 'width=20', 'fail-at=7');
  expect(undone.error).toMatchObject({ step: 'body', message: expect.stringContaining('index 7 fails') });
  const tasks = await expectReversed(undone, ['start', 'body']);
  expect(tasks).not.toContain('temporal-body-7-0');
  expect(undone.lines.every(({ message }) => message.includes('index 7 fails'))).toBe(true);
});

it('each task of an unbounded foreach', async () => {
  const undone = await trigger('UnboundedFlow');
  expect(undone.error).toMatchObject({ step: 'gather', type: 'ValueError' });
  expect(undone.compensation).toMatchObject({ failed: [], unreached: [] });
  const mapped = undone.lines.filter(({ input }) => input !== null);
  expect(mapped.map(({ value, input }) => [input, value]).toSorted()).toEqual([
    [0, 0],
    [1, 10],
    [2, 20],
  ]);
  expect(new Set(undone.lines.map(({ task }) => task)).size).toBe(undone.lines.length);
});

it('an inherited handler, of a step that mutators have changed, with its secrets', async () => {
  const undone = await trigger('MutatedFlow');
  expect(undone.error).toMatchObject({ step: 'end', message: expect.stringContaining('at the very end') });
  expect(undone.lines).toMatchObject([{ handler: 'release', value: ['SESAME', 'inner', 'sesame'], attempt: 0 }]);
  await expectReversed(undone, ['provision']);
});

const WIDTH = process.env.MFT_E2E_LARGE ? 1000 : 160;

it(`a foreach of ${WIDTH} over child workflows: block by block`, { timeout: 600_000 }, async () => {
  const limits = { childThreshold: 100, childSize: WIDTH / 4, childrenAtOnce: 2, childWindow: 12, undoInline: 20 };
  const workflowId = `WideFlow-children-${WIDTH}`;
  const handle = await bench.client.workflow.start('MetaflowWorkflow', {
    ...{ taskQueue: 'metaflow-WideFlow', workflowId },
    args: [{ params: { width: WIDTH }, limits }],
  });
  await expect(handle.result()).rejects.toThrow();
  const lines = linesOf(file, `temporal-${workflowId}`);
  expect(lines).toHaveLength(WIDTH + 1);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(WIDTH + 1);
  expect(lines.at(-1)!.handler).toBe('undo_start');
  // Each child's tasks without another's between them, and in the reverse of the order in which that child had them.
  const blocks = lines.slice(0, -1).map(({ index }) => Math.floor(index! / (WIDTH / 4)));
  const order = blocks.filter((block, i) => block !== blocks[i - 1]);
  expect(order.map((block) => block * (WIDTH / 4))).toEqual(
    (await childrenOf(bench.client, workflowId, 'body')).toReversed(),
  );
  for (const block of order) {
    const from = block * (WIDTH / 4);
    const child = `${workflowId}.body.${from}-${from + WIDTH / 4}`;
    const { completed } = await ordersOf(bench.client, child, ['body']);
    expect(lines.filter((_, i) => blocks[i] === block).map(({ task }) => task)).toEqual(completed.toReversed());
  }
});
