import { randomBytes } from 'node:crypto';
import { configHash } from '@mft/compiler';
import { runIdOf, type ArrivedEvent, type FlowConfig, type FlowTriggers, type RunInput } from '@mft/graph';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createAnnouncer,
  createPublisher,
  deleteDeployment,
  publishEvent,
  recordDeployment,
  type Published,
} from '../src/index.js';
import { deploymentNames, waitingNames } from '../src/deployment/names.js';
import { config as plain } from './support/graphs.js';
import { startServer } from './support/server.js';

/*
 * Publishing, without any worker: what lies on the server afterwards.
 */

let server: TestWorkflowEnvironment;

beforeAll(async () => {
  server = await startServer();
}, 120_000);
afterAll(() => server.teardown());

const event = (name: string, parameters: Record<string, string> = {}) => ({ type: 'event', name, parameters }) as const;

/** A deployment that waits for something; `more` tells its versions apart. */
async function deployed(name: string, triggers: FlowTriggers | undefined, more: Partial<FlowConfig> = {}) {
  const config: FlowConfig = {
    ...{ ...plain, name, taskQueue: `metaflow-${name}`, parameters: [] },
    ...(triggers === undefined ? {} : { triggers }),
    ...more,
  };
  const hash = configHash(config);
  await recordDeployment(server.client, config, { hash, createdAt: new Date().toISOString() });
  // A list may follow a second later.
  const listed = async () => {
    const names = await Promise.all([deploymentNames(server.client), waitingNames(server.client)]);
    return names[0].includes(name) && names[1].includes(name) === (triggers !== undefined);
  };
  while (!(await listed())) await new Promise((resolve) => setTimeout(resolve, 50));
  return { config, hash };
}

const parameters = [
  { name: 'table', type: 'str', required: true },
  { name: 'row-count', type: 'int', required: false, default: 1 },
] as const;

async function inputOf(workflowId: string): Promise<RunInput> {
  const { events } = await server.client.workflow.getHandle(workflowId).fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  return JSON.parse(Buffer.from(payload!.data!).toString()) as RunInput;
}

async function signalsOf(workflowId: string): Promise<ArrivedEvent[]> {
  const { events } = await server.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    !signal ? [] : [JSON.parse(Buffer.from(signal.input!.payloads![0]!.data!).toString()) as ArrivedEvent],
  );
}

describe('an event', () => {
  it('starts one run of each deployment that waits for it, however often it is published', async () => {
    const on = [event('ready', { table: 'name_of_table', 'row-count': 'rows' })];
    const { hash } = await deployed('Left', { on }, { parameters, tags: ['nightly'] });
    await deployed('Right', { on: [event('ready')] });
    await deployed('Other', { on: [event('unready')] });
    const ready = {
      name: 'ready',
      payload: { name_of_table: 'sales', rows: '7', more: [1] },
      id: 'x',
      timestamp: 1000,
    };
    const first = await publishEvent(server.client, ready);
    expect(first).toMatchObject({ name: 'ready', id: 'x', timestamp: 1000, pending: [], duplicates: [], refused: [] });
    expect(first.started.map(({ deployment }) => deployment)).toEqual(['Left', 'Right']);
    const [left] = first.started;
    expect(left?.workflowId).toMatch(/^Left-[0-9a-f]{20}$/);
    expect(left).toMatchObject({ runId: runIdOf(left!.workflowId), pathspec: `HelloFlow/${left!.runId}` });
    expect(await inputOf(left!.workflowId)).toEqual({
      params: { table: 'sales', 'row-count': 7 },
      hash,
      triggers: [
        {
          ...{ type: 'event', name: 'ready', id: 'x', timestamp: 1000 },
          payload: {
            ...ready.payload,
            name: 'ready',
            id: 'x',
            timestamp: 1000,
            utc_date: expect.any(String) as string,
          },
        },
      ],
    });
    const { memo, taskQueue } = await server.client.workflow.getHandle(left!.workflowId).describe();
    expect({ memo, taskQueue }).toMatchObject({
      memo: { deployment: 'Left', tags: ['nightly'] },
      taskQueue: 'metaflow-Left',
    });
    const again = await publishEvent(server.client, ready);
    expect(again).toMatchObject({ started: [], duplicates: ['Left', 'Right'] });
    expect((await publishEvent(server.client, { ...ready, id: 'y' })).started.length).toBe(2);
  });

  it('that a deployment cannot take is refused by it alone, in its own words', async () => {
    const on = [event('picky', { table: 'table', 'row-count': 'rows' })];
    await deployed('Picky', { on }, { parameters });
    await deployed('Easy', { on: [event('picky')] });
    const { started, refused } = await publishEvent(server.client, { name: 'picky', payload: { table: 1, rows: 'x' } });
    expect(started.map(({ deployment }) => deployment)).toEqual(['Easy']);
    expect(refused).toMatchObject([
      { deployment: 'Picky', code: 'INVALID_PARAMETER', hint: expect.any(String) as string },
    ]);
    const missing = await publishEvent(server.client, { name: 'picky' });
    expect(missing.refused).toMatchObject([
      { code: 'MISSING_PARAMETER', message: expect.stringContaining('"table"') as string },
    ]);
  });

  it('that nobody waits for is published all the same; one that is none is refused', async () => {
    const lists = { started: [], pending: [], duplicates: [], refused: [] };
    expect(await publishEvent(server.client, { name: 'nobody' })).toMatchObject(lists);
    for (const wrong of [{ name: 'a b' }, { name: '' }, { name: 'a', id: '' }, { name: 'a', timestamp: 1.5 }])
      await expect(publishEvent(server.client, wrong)).rejects.toMatchObject({ code: 'INVALID_EVENT' });
    const large = publishEvent(server.client, { name: 'a', payload: { text: randomBytes(60_000).toString('hex') } });
    await expect(large).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
  });

  it('has its id and time from the payload, as ArgoEvent', async () => {
    const { id, timestamp } = await publishEvent(server.client, { name: 'nobody', payload: { id: 7, timestamp: 5 } });
    expect([id, timestamp]).toEqual(['7', 5]);
  });

  it('one of many: a publisher that believes what it read a moment ago', async () => {
    await deployed('Burst', { on: [event('burst')] });
    const publisher = createPublisher(server.client);
    const ids = Array.from({ length: 100 }, (_, i) => `${i % 50}`);
    const results: Published[] = await Promise.all(ids.map((id) => publisher.publish({ name: 'burst', id })));
    expect(results.flatMap(({ started }) => started).length).toBe(50);
    expect(results.flatMap(({ duplicates }) => duplicates).length).toBe(50);
  });
});

describe('a deployment that waits for several events', () => {
  const on = [event('one', { table: 't' }), event('two')];
  const joiner = 'metaflow-trigger.Several';
  const status = async () => (await server.client.workflow.getHandle(joiner).describe()).status.name;

  it('has them signalled to what joins them, with what they give and until when they count', async () => {
    const resetAt = { cron: '0 6 * * ? *', timezone: 'Europe/Berlin' };
    const { hash } = await deployed('Several', { on, resetAt, within: 1e9 }, { parameters: [parameters[0]] });
    const published = await publishEvent(server.client, { name: 'one', payload: { t: 'sales' }, id: 'a' });
    expect(published).toMatchObject({ started: [], pending: ['Several'] });
    expect((await publishEvent(server.client, { name: 'two', id: 'b' })).pending).toEqual(['Several']);
    const refused = await publishEvent(server.client, { name: 'one', id: 'c' });
    expect(refused).toMatchObject({ pending: [], refused: [{ code: 'MISSING_PARAMETER' }] });
    const [one, two, ...more] = await signalsOf(joiner);
    expect(more).toEqual([]);
    expect(one).toMatchObject({ names: ['one', 'two'], params: { table: 'sales' }, event: { id: 'a', type: 'event' } });
    expect(two).toMatchObject({
      params: {},
      run: { flow: 'HelloFlow', taskQueue: 'metaflow-Several', input: { hash } },
    });
    expect(one!.run.memo).toMatchObject({ deployment: 'Several', configHash: hash });
    const expires = new Date(one!.expires!);
    expect([one!.expires! > Date.now(), expires.getUTCMinutes(), [4, 5].includes(expires.getUTCHours())]).toEqual([
      true,
      0,
      true,
    ]);
  });

  it('keeps it over a new version, and ends it where that has no use for it, or is deleted', async () => {
    await deployed('Several', { on }, { user: 'other' });
    expect(await status()).toBe('RUNNING');
    await deployed('Several', { on: [event('one')] });
    expect(await status()).toBe('TERMINATED');
    await deployed('Several', { on });
    await publishEvent(server.client, { name: 'two' });
    expect(await status()).toBe('RUNNING');
    await deleteDeployment(server.client, 'Several');
    expect(await status()).toBe('TERMINATED');
  });

  it('is not recorded with a reset that no calendar has', async () => {
    const config = { ...plain, triggers: { on, resetAt: { cron: '61 * * * *' } } };
    const refused = recordDeployment(server.client, config, {
      hash: 'a'.repeat(64),
      createdAt: new Date().toISOString(),
    });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_CRON' });
  });
});

it('a completed run starts a run of who waits for its flow, under the names of its project', async () => {
  const project = { name: 'shop', branch: 'test.a', production: false };
  await deployed('Down', { on: [{ type: 'run', name: 'metaflow.shop.test.a.HelloFlow.end' }] });
  await deployed('Stranger', { on: [{ type: 'run', name: 'metaflow.HelloFlow.end' }] });
  const announce = createAnnouncer(() => server.client);
  const run = { hash: 'a'.repeat(64), runId: 'temporal-Up-1', timestamp: 1000 };
  await announce({ ...plain, project }, run);
  await announce({ ...plain, project }, run);
  const found: string[] = [];
  for await (const { workflowId } of server.client.workflow.list({ query: 'TaskQueue = "metaflow-Down"' }))
    found.push(workflowId);
  while (found.length === 0)
    for await (const { workflowId } of server.client.workflow.list({ query: 'TaskQueue = "metaflow-Down"' }))
      found.push(workflowId);
  expect(found.length).toBe(1);
  expect((await inputOf(found[0]!)).triggers).toMatchObject([
    {
      ...{ type: 'run', name: 'metaflow.shop.test.a.HelloFlow.end', timestamp: 1000 },
      id: 'HelloFlow/temporal-Up-1/end/temporal-end-0',
      payload: { flow_name: 'HelloFlow', project_name: 'shop', is_production: false, step_name: 'end' },
    },
  ]);
  expect((await server.client.workflow.count('TaskQueue = "metaflow-Stranger"')).count).toBe(0);
});
