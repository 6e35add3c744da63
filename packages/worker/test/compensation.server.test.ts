import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configHash } from '@mft/compiler';
import type { FlowConfig, Progress } from '@mft/graph';
import { describe, expect, test } from 'vitest';
import {
  colorsFor,
  describeOutcome,
  describeRun,
  formatOutcome,
  incompleteLine,
  listRuns,
  startRun,
  terminateCompensated,
  watchRun,
  type RunOutcome,
} from '../src/index.js';
import { usePlace } from './support/place.js';

const place = usePlace('booking.py');
let config: FlowConfig;
let hash: string;
const lines: string[] = [];

/** The plan with handlers, as the flow's decorators would put them there. */
function withHandlers(plain: FlowConfig, retries: number): FlowConfig {
  const { plan } = plain;
  const policies = { ...plan.policies };
  for (const step of ['book_hotel', 'book_flight']) {
    const handler = step.replace('book', 'cancel');
    policies[step] = { ...policies[step]!, compensate: { handler, retries, minutesBetween: 0, timeout: 60 } };
  }
  return { ...plain, plan: { ...plan, policies } };
}

async function withWorker<T>(retries: number, work: () => Promise<T>): Promise<T> {
  config = withHandlers(place.deployed.config, retries);
  hash = configHash(config);
  const worker = await place.worker({
    config,
    hash,
    onLog: ({ label, line }) => lines.push(`[${label}] ${line}`),
  });
  return worker.runUntil(work);
}

async function booked(name: string, params: object = {}) {
  const journal = join(place.deployed.folder, name);
  const run = await startRun(place.client, config, { params: { journal, ...params } }, { hash });
  const noted = async () => (await readFile(journal, 'utf8').catch(() => '')).trim().split('\n');
  return { run, noted };
}

describe('a booking that is declined', () => {
  test('is undone, last first; outcome, status and log say so, also without a worker', async () => {
    const watched = join(place.deployed.folder, 'watched');
    let seen = false;
    // The flight's handler waits until the run has been seen compensating.
    const onProgress = ({ phase, compensation }: Progress) => {
      if (phase !== 'compensating' || compensation?.total !== 2) return;
      seen = true;
      writeFileSync(watched, '');
    };
    const { outcome, run } = await withWorker(3, async () => {
      const { run, noted } = await booked('declined', { watched });
      const outcome = await watchRun(place.client, run, onProgress, { interval: 50 });
      expect(await noted()).toEqual([
        'confirming',
        'cancel_flight 12A because of confirm: Payment declined',
        'cancel_hotel 42 attempt 0',
      ]);
      return { outcome, run };
    });
    const compensation = { total: 2, compensated: ['book_flight', 'book_hotel'], failed: [], unreached: [] };
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { step: 'confirm', type: 'ValueError', message: 'ValueError: Payment declined' },
      compensation,
    });
    expect(seen).toBe(true);
    expect(lines).toContain('[undo cancel_flight(book_flight)] giving back 12A');
    expect(incompleteLine(outcome)).toBeUndefined();
    expect(formatOutcome(outcome, colorsFor({ write: () => true }))).toContain(
      'Undone: 2 of 2 tasks: book_flight, book_hotel',
    );
    // The worker is gone.
    expect(await describeRun(place.client, run.workflowId)).toMatchObject({ status: 'failed', compensation });
  });

  test('a handler that fails once is tried again, one that fails for good is reported', async () => {
    await withWorker(1, async () => {
      const once = await booked('once', { trouble: 'once' });
      expect(await describeOutcome(place.client, once.run)).toMatchObject({ compensation: { failed: [] } });
      expect((await once.noted()).slice(2)).toEqual(['cancel_hotel 42 attempt 0', 'cancel_hotel 42 attempt 1']);
      const always = await booked('always', { trouble: 'always' });
      const outcome: RunOutcome = await describeOutcome(place.client, always.run);
      expect((await always.noted()).slice(2)).toEqual(['cancel_hotel 42 attempt 0', 'cancel_hotel 42 attempt 1']);
      expect(outcome).toMatchObject({
        error: { message: 'ValueError: Payment declined' },
        compensation: {
          compensated: ['book_flight'],
          failed: [{ name: 'book_hotel', error: 'ConnectionError: hotel API: 503' }],
        },
      });
      expect(incompleteLine(outcome)).toBe(
        `warning: compensation of ${outcome.pathspec} was incomplete: 1 compensated, 1 failed (book_hotel: ConnectionError: hotel API: 503)`,
      );
    });
  });

  test('an attempt that was lost with its launcher is not one of the handler’s', async () => {
    await withWorker(0, async () => {
      const { run, noted } = await booked('lost', { trouble: 'lost' });
      expect(await describeOutcome(place.client, run)).toMatchObject({ compensation: { total: 2, failed: [] } });
      expect((await noted()).slice(2)).toEqual(['cancel_hotel 42 attempt 0', 'cancel_hotel 42 attempt 1']);
    });
  });

  test('one that is terminated on demand is undone as well', async () => {
    await withWorker(3, async () => {
      const { run, noted } = await booked('terminated', { wait: 60 });
      await expect.poll(noted, { timeout: 40_000 }).toEqual(['confirming']);
      const asked = await terminateCompensated(place.client, run.pathspec, 'wrong hotel');
      expect(asked).toMatchObject({ status: 'running', polled: true });
      const outcome = await describeOutcome(place.client, run);
      expect(outcome).toMatchObject({
        status: 'terminated',
        error: { type: 'Terminated', message: 'The run was terminated: wrong hotel' },
        compensation: { total: 2, compensated: ['book_flight', 'book_hotel'] },
      });
      expect(await noted()).toEqual([
        'confirming',
        'cancel_flight 12A because of None: The run was terminated: wrong hotel',
        'cancel_hotel 42 attempt 0',
      ]);
      expect(await describeRun(place.client, run.workflowId)).toMatchObject({ status: 'terminated' });
      const listed = async () =>
        (await listRuns(place.client)).find(({ workflowId }) => workflowId === run.workflowId)?.status;
      await expect.poll(listed, { timeout: 10_000 }).toBe('terminated');
      await expect(terminateCompensated(place.client, run.pathspec)).rejects.toMatchObject({ code: 'RUN_ENDED' });
    });
  });
});
