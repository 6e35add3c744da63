import { defaultPayloadConverter } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { running, until } from './support/processes.js';
import { of, scriptWorld } from './support/script.js';

const { lines, serve, start, noted } = scriptWorld();

describe('cancel', () => {
  it('ends the task and all that it started, and says so', async () => {
    const { queue } = await serve('sleeper.py');
    const handle = await start(queue, {
      heartbeatTimeout: 5000,
      stages: [[{ step: 'stubborn', inputs: [of('_parameters')] }]],
    });
    const writer = await until(() => lastPid('sleeper.stubborn.writes'), 'the grandchild to write');
    const task = Number(noted('sleeper.stubborn.attempts')[0]!.split(' ')[1]);
    expect(running(task)).toBe(true);
    const pending = await until(() => lines.find((line) => line.line === 'sleeping'), 'its output');
    expect(pending.label).toBe('stubborn');
    // What Temporal's UI shows of it meanwhile.
    let report: unknown;
    for (let tries = 0; tries < 50 && !JSON.stringify(report ?? '').includes('sleeping'); tries++) {
      const [activity] = (await handle.describe()).raw.pendingActivities ?? [];
      const [payload] = activity?.heartbeatDetails?.payloads ?? [];
      if (payload) report = defaultPayloadConverter.fromPayload(payload);
      await sleep(200);
    }
    expect(report).toEqual({ failures: 0, pid: task, lastLine: 'sleeping' });
    await handle.cancel();
    const outcome = await handle.result();
    expect(outcome.failure).toMatchObject({ kind: 'cancelled' });
    expect(running(task)).toBe(false);
    // Killed with its group, but nobody's to wait for.
    await until(() => !running(writer), 'the end of the grandchild', 5000);
    const size = noted('sleeper.stubborn.writes').length;
    await sleep(300);
    expect(noted('sleeper.stubborn.writes')).toHaveLength(size);
  });
});

function lastPid(name: string): number | undefined {
  try {
    return Number(noted(name).at(-1)) || undefined;
  } catch {
    return undefined;
  }
}
