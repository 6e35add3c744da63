import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Compensation } from '@mft/graph';
import {
  colorsFor,
  compensationLines,
  createProgressDisplay,
  exitStatusOf,
  formatOutcome,
  incompleteLine,
  mergeProgress,
  outcomeOfFailure,
} from '../src/index.js';
import { graph, progress } from './support/graphs.js';

const plain = colorsFor({ write: () => true });
const names = { pathspec: 'HelloFlow/temporal-HelloFlow-1', runId: 'temporal-HelloFlow-1', workflowId: 'HelloFlow-1' };
const complete: Compensation = { total: 2, compensated: ['book_flight', 'book_hotel'], failed: [], unreached: [] };
const incomplete: Compensation = {
  total: 1012,
  compensated: Array.from({ length: 100 }, (_, i) => `work[${i}]`),
  failed: [{ name: 'book_hotel', error: 'hotel API: 503' }],
  unreached: ['work.0-500'],
  more: { compensated: 900, unreached: 10 },
};

test('what was undone, in lines for a person', () => {
  expect(compensationLines(complete)).toEqual(['Undone: 2 of 2 tasks: book_flight, book_hotel']);
  expect(compensationLines({ ...complete, total: 1, compensated: [], unreached: ['pay'] })).toEqual([
    'Undone: 0 of 1 task',
    'Not reached: pay',
  ]);
  expect(compensationLines(incomplete)).toEqual([
    'Undone: 1000 of 1012 tasks: work[0], work[1], work[2], work[3], work[4], work[5], work[6], work[7], work[8], work[9] and 990 more',
    'Not undone: book_hotel: hotel API: 503',
    'Not reached: work.0-500 and 10 more',
  ]);
});

test('one line says that it was incomplete, and none that it was not', () => {
  expect(incompleteLine({ ...names })).toBeUndefined();
  expect(incompleteLine({ ...names, compensation: complete })).toBeUndefined();
  expect(incompleteLine({ ...names, compensation: incomplete })).toBe(
    'warning: compensation of HelloFlow/temporal-HelloFlow-1 was incomplete: 1000 compensated, 1 failed (book_hotel: hotel API: 503), 11 never reached (work.0-500 and 10 more)',
  );
});

test('an outcome tells of it before it says how to read what is left', () => {
  const error = { step: 'confirm', type: 'ValueError', message: 'ValueError: Payment declined' };
  const text = formatOutcome({ status: 'failed', ...names, error, compensation: complete }, plain);
  expect(text.split('\n').slice(0, 5)).toEqual([
    '✖ HelloFlow/temporal-HelloFlow-1 failed',
    '',
    'Step confirm: ValueError: Payment declined',
    '',
    '  Undone: 2 of 2 tasks: book_flight, book_hotel',
  ]);
});

test('a log has a line when undoing begins, one for each failure, one at the end', () => {
  let text = '';
  const display = createProgressDisplay({ write: (line: string) => (text += line) }, graph, { env: {} });
  const at = (phase: 'compensating' | 'finishing' | 'failed', compensation: Compensation) =>
    display.update({ ...progress({ start: [1, 1, 0, 0, 1000, 1400] }, phase), compensation });
  at('compensating', { total: 3, compensated: [], failed: [], unreached: ['c', 'b', 'a'] });
  at('compensating', { total: 3, compensated: ['c'], failed: [], unreached: ['b', 'a'] });
  const failed = [{ name: 'b', error: 'no' }];
  at('compensating', { total: 3, compensated: ['c'], failed, unreached: ['a'] });
  at('finishing', { total: 3, compensated: ['c', 'a'], failed, unreached: [] });
  at('failed', { total: 3, compensated: ['c', 'a'], failed, unreached: [] });
  expect(text).toBe(
    'start: done, 1 task in 0.4s\nundoing: 3 tasks\nundoing: b failed: no\nundoing: done, 2 of 3 tasks\n',
  );
});

test('a live table has a row for it', () => {
  let text = '';
  const stream = { write: (line: string) => (text += line), isTTY: true, columns: 80, rows: 24 };
  const display = createProgressDisplay(stream, graph, { live: true, env: {} });
  const failed = [{ name: 'b', error: 'no' }];
  display.update({ ...progress({ start: [1, 1] }, 'compensating'), compensation: { ...complete, total: 5, failed } });
  display.finish();
  expect(stripVTControlCharacters(text)).toMatch(/↺ undone {2}2\/5 {2}1 failed/);
});

test('what a child undoes is added to what its parent does', () => {
  const parent = { ...progress({}, 'compensating'), compensation: complete, children: ['c'] };
  const child = {
    ...progress({}, 'compensating'),
    compensation: { ...complete, compensated: ['x'], unreached: ['y'] },
  };
  const merged = mergeProgress(parent, [child]);
  expect(merged.compensation).toEqual({
    total: 4,
    compensated: ['book_flight', 'book_hotel', 'x'],
    failed: [],
    unreached: ['y'],
  });
  expect(parent.compensation).toBe(complete);
});

test('a run that was undone and ended on demand is terminated, one whose child was terminated has failed', () => {
  const failure = (type: string) => ({ name: 'ApplicationFailure', type, message: 'The run was terminated: no' });
  const run = { workflowId: 'HelloFlow-1', flow: 'HelloFlow' };
  const terminated = outcomeOfFailure(run, failure('Terminated'));
  expect(terminated).toMatchObject({ status: 'terminated', error: { type: 'Terminated' } });
  expect(exitStatusOf(terminated)).toBe(1);
  expect(outcomeOfFailure(run, failure('ChildTerminated'))).toMatchObject({ status: 'failed' });
});
