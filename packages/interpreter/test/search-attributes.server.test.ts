import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runIdOf } from '@mft/graph';
import { loop, rounds } from './support/scenarios.js';
import { registerSearchAttributes, startServer } from './support/server.js';
import { historiesOf, quiet, withRun } from './support/world.js';

let env: TestWorkflowEnvironment;

beforeAll(async () => {
  quiet();
  env = await startServer();
  await registerSearchAttributes(env);
});
afterAll(async () => {
  await env?.teardown();
});

const shown = {
  values: { flow: 'HandFlow', project: 'demo', branch: 'prod', user: 'tester' },
  runId: true,
  tags: true,
} as const;

test('a run shows itself once, together with its first activity, and still after it continued as new', async () => {
  const input = { tags: ['mine'], limits: { softEvents: 100 } };
  const options = { plan: loop, choose: rounds(40), tags: ['ours'], searchAttributes: shown, input };
  await withRun(env, options, async ({ handle, workflowId }) => {
    await handle.result();
    const histories = [...(await historiesOf(env, workflowId)).values()];
    expect(histories.length).toBeGreaterThan(1);
    const kinds = histories.flatMap(({ events }) => (events ?? []).map((event) => event.eventType));
    // EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES, EVENT_TYPE_WORKFLOW_TASK_FAILED
    expect(kinds.filter((kind) => kind === 40)).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 8)).toEqual([]);
    const first = histories.flatMap(({ events }) => events ?? []).find((event) => event.eventType === 40);
    const next = histories
      .flatMap(({ events }) => events ?? [])
      .find((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'startMetaflowRun');
    const task = first?.upsertWorkflowSearchAttributesEventAttributes?.workflowTaskCompletedEventId;
    expect(String(next?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId)).toBe(String(task));

    const found = async () => {
      const query = `MetaflowProject = 'demo' AND MetaflowRunId = '${runIdOf(workflowId)}' AND MetaflowTags = 'mine' AND MetaflowTags = 'ours' AND ExecutionStatus = 'Completed'`;
      const ids = [];
      for await (const { workflowId: id } of env.client.workflow.list({ query })) ids.push(id);
      return ids;
    };
    await expect.poll(found, { timeout: 10_000 }).toEqual([workflowId]);
  });
});

test('a run of a worker that knows of no attribute sets none', async () => {
  await withRun(env, { plan: loop, choose: rounds(2), tags: ['ours'] }, async ({ handle, workflowId }) => {
    await handle.result();
    const [history] = [...(await historiesOf(env, workflowId)).values()];
    expect((history?.events ?? []).filter(({ eventType }) => eventType === 40)).toEqual([]);
  });
});
