import { readdirSync, readFileSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { SCENARIOS } from './support/scenarios.js';
import { quiet, workflowBundle } from './support/world.js';

const FOLDER = new URL('histories/', import.meta.url);
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.bin'));

function historyOf(file: string) {
  return temporal.api.history.v1.History.decode(readFileSync(new URL(file, FOLDER)));
}

beforeAll(quiet);

describe('recorded histories replay', () => {
  test('there are some of every scenario', () => {
    const names = new Set(files.map((file) => file.split('.')[0]));
    for (const name of Object.keys(SCENARIOS)) expect(names).toContain(name);
  });

  test.each(files)('%s', async (file) => {
    const history = historyOf(file);
    const { workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes!;
    // Children are named after the run's workflow.
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, workflowId!);
  });

  test('a history that does not fit is noticed', async () => {
    const history = historyOf(files.find((file) => file.startsWith('mixed'))!);
    const scheduled = history.events.filter(
      ({ activityTaskScheduledEventAttributes: task }) => task?.activityType?.name === 'runMetaflowTask',
    );
    scheduled[1]!.activityTaskScheduledEventAttributes!.activityId = 'temporal-other-0';
    await expect(Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history)).rejects.toThrow(
      /[Nn]ondeterminism/,
    );
  });
});
