import { SEARCH_ATTRIBUTES } from '@mft/graph';
import { describe, expect, test } from 'vitest';
import { listRuns, registerSearchAttributes, startRun, terminateRun } from '../src/index.js';
import { attributesOf } from '../src/search/check.js';
import { usePlace } from './support/place.js';

const place = usePlace();

const names = Object.keys(SEARCH_ATTRIBUTES).sort();
const ids = async (filter: Parameters<typeof listRuns>[1]): Promise<string[]> =>
  (await listRuns(place.client, filter)).map(({ workflowId }) => workflowId).sort();
const attributes = (env: NodeJS.ProcessEnv = {}, encrypted = false) =>
  attributesOf({
    connection: place.native,
    env,
    ...(encrypted ? { dataConverter: {} as NonNullable<Parameters<typeof attributesOf>[0]['dataConverter']> } : {}),
  })();

test('a namespace without attributes: runs are found by their memos, and set none', async () => {
  const project = { name: 'demo', branch: 'test.a', production: false };
  const config = { ...place.deployed.config, project, taskQueue: 'nobody', tags: ['nightly'] };
  const { hash } = place.deployed;
  await startRun(place.client, config, { tags: ['mine'] }, { hash, workflowId: 'waits' });
  await startRun(place.client, { ...config, user: 'bob' }, {}, { hash, workflowId: 'waits-too' });
  expect(await attributes()).toEqual([]);
  await expect.poll(() => ids({ project: 'demo' }), { timeout: 10_000 }).toEqual(['waits', 'waits-too']);
  expect(await ids({ branch: 'test.a', user: 'bob' })).toEqual(['waits-too']);
  expect(await ids({ tags: ['mine', 'nightly'] })).toEqual(['waits']);
  expect(await ids({ branch: "it's \\ none" })).toEqual([]);
});

test('a namespace with room for some only gets those, and runs are found as before', async () => {
  const { operatorService } = place.connection;
  const others = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`Other${i}`, 2]));
  const namespace = 'default';
  // Of a SQL database: ten of type Keyword.
  await operatorService.addSearchAttributes({ namespace, searchAttributes: others });
  const added = await registerSearchAttributes(place.client);
  expect(added).toHaveLength(2);
  expect(await attributes()).toHaveLength(2);
  expect(await ids({ project: 'demo', user: 'bob' })).toEqual(['waits-too']);
  expect(await ids({ tags: ['mine'] })).toEqual(['waits']);
  const searchAttributes = [...Object.keys(others), ...added];
  await operatorService.removeSearchAttributes({ namespace, searchAttributes });
});

describe('a namespace that lets itself be told', () => {
  test('gets those that it lacks, once', async () => {
    expect((await registerSearchAttributes(place.client)).sort()).toEqual(Object.values(SEARCH_ATTRIBUTES).sort());
    expect(await registerSearchAttributes(place.client)).toEqual([]);
    expect((await attributes()).sort()).toEqual(names);
    // What people choose freely is not shown where the rest is encrypted, unless asked for.
    const safe = names.filter((name) => name !== 'tags' && name !== 'user');
    expect((await attributes({}, true)).sort()).toEqual(safe);
    expect((await attributes({ MFT_SEARCH_ATTRIBUTES: 'all' }, true)).sort()).toEqual(names);
    expect((await attributes({ MFT_SEARCH_ATTRIBUTES: 'names' })).sort()).toEqual(safe);
    expect(await attributes({ MFT_SEARCH_ATTRIBUTES: 'none' })).toEqual([]);
    expect(() => attributes({ MFT_SEARCH_ATTRIBUTES: 'some' })).toThrow('MFT_SEARCH_ATTRIBUTES is "some"');
  });

  test('finds runs by what they show, and those that no worker has seen by their memos', async () => {
    const { config, hash } = place.deployed;
    const worker = await place.worker({ config, hash });
    await worker.runUntil(async () => {
      // As any Temporal client starts one: no memo at all.
      const args = [{ params: { greeting: 'x' }, tags: ['bare'] }];
      const options = { taskQueue: config.taskQueue, workflowId: 'any-name', args };
      await place.client.workflow.execute('MetaflowWorkflow', options);
    });
    await expect.poll(() => ids({ tags: ['bare'] }), { timeout: 10_000 }).toEqual(['any-name']);
    const expected = { workflowId: 'any-name', flow: 'MyFlow', user: config.user, tags: ['bare'] };
    const completed = () => listRuns(place.client, { flow: 'MyFlow', status: 'completed' });
    await expect.poll(completed, { timeout: 10_000 }).toMatchObject([expected]);
    expect(await ids({ project: 'demo', status: 'running' })).toEqual(['waits', 'waits-too']);
    expect(await ids({ user: 'bob' })).toEqual(['waits-too']);
    for (const id of ['waits', 'waits-too']) await terminateRun(place.client, id);
  });
});
