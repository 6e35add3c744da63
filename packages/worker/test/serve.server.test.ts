import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import {
  createDeploymentServer,
  deleteDeployment,
  isPolled,
  recordDeployment,
  scheduleIdOf,
  type ServeOptions,
  type Serving,
} from '../src/index.js';
import { python } from './support/deployment.js';
import { startServer } from './support/server.js';
import { bareEnvironment, makeSite, type Site, type Version } from './support/site.js';

let server: TestWorkflowEnvironment;
let site: Site;
let clock = Date.now();
const stop: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [server, site] = await Promise.all([startServer(), makeSite()]);
}, 120_000);
afterEach(async () => {
  for (const end of stop.splice(0)) await end();
});
afterAll(async () => {
  await server.teardown();
  await site.remove();
});

/** Record a version, later than all before. */
const record = ({ config, hash }: Version) =>
  recordDeployment(server.client, config, { hash, createdAt: new Date(++clock).toISOString() });

/** Serve the whole namespace from a machine that knows none of the sites. */
async function serve(
  more: Partial<ServeOptions> = {},
): Promise<{ serving: Serving; log: string[]; end: () => Promise<void> }> {
  const log: string[] = [];
  const say = (text: string): void => void log.push(text);
  const home = join(site.folder, `worker-${stop.length}`);
  let ready = (): void => undefined;
  const isReady = new Promise<void>((resolve) => (ready = resolve));
  const serving = await createDeploymentServer({
    ...{ client: server.client, connection: server.nativeConnection, python, grace: 5, retryWait: 0 },
    ...{ env: bareEnvironment(home), cacheDirectory: join(home, 'cache'), pollInterval: 100 },
    logger: { debug: () => undefined, info: say, warn: say, error: say },
    onLauncherLog: () => undefined,
    onReady: ready,
    ...more,
  });
  const running = serving.run();
  let over: Promise<void> | undefined;
  const end = (): Promise<void> => (over ??= (serving.shutdown(), running));
  stop.push(end);
  await Promise.race([isReady, running]);
  return { serving, log, end };
}

let runs = 0;
/** A run as any Temporal client starts it. */
function start({ config }: Version, params: object = {}, hash?: string): Promise<WorkflowHandle> {
  return server.client.workflow.start('MetaflowWorkflow', {
    taskQueue: config.taskQueue,
    workflowId: `${config.name}-${++runs}`,
    args: [{ params, ...(hash === undefined ? {} : { hash }) }],
  });
}

/** The pathspec of a run that completed. */
async function pathOf(run: WorkflowHandle): Promise<string> {
  return ((await run.result()) as { pathspec: string }).pathspec;
}

const dataOf = async (run: WorkflowHandle, artifact: string, where = site): Promise<string> =>
  where.ask(`metaflow.Run("${await pathOf(run)}")["end"].task.data.${artifact}`);

const polled = (version: Version) => isPolled(server.client, version.config.taskQueue);

it('serves a deployment that appears, then its new version, and leaves the run under way with the old one', async () => {
  const { log } = await serve();
  const first = await site.compile('version 1', { name: 'Appearing' });
  await record(first);
  const old = await start(first, { pause: 2 });
  await vi.waitFor(
    () => expect(log).toContainEqual(expect.stringMatching(/^Appearing: served, task queue metaflow-Appearing/)),
    10_000,
  );
  const second = await site.compile('version 2', { name: 'Appearing' });
  // The run has its plan by now.
  await vi.waitFor(async () => expect((await old.describe()).historyLength).toBeGreaterThan(8), 20_000);
  await record(second);
  // Asked by nobody but the run, whose hash it is, and by the run that names none.
  const [named, unnamed] = [await start(second, {}, second.hash), await start(second)];
  expect(await Promise.all([old, named, unnamed].map((run) => dataOf(run, 'version')))).toEqual([
    'version 1',
    'version 2',
    'version 2',
  ]);
  expect(log.filter((line) => line.startsWith('Appearing'))).toHaveLength(2);
}, 90_000);

it('polls no more for what was deleted, once its open run has ended', async () => {
  const version = await site.compile('version 1', { name: 'Deleted' });
  await record(version);
  const { log } = await serve();
  const run = await start(version, { pause: 3 });
  await vi.waitFor(async () => expect((await run.describe()).historyLength).toBeGreaterThan(8), 20_000);
  await deleteDeployment(server.client, 'Deleted');
  expect(await dataOf(run, 'version')).toBe('version 1');
  await vi.waitFor(() => expect(log).toContain('metaflow-Deleted: polled no more'), 15_000);
}, 90_000);

it('two deployments of two sysroots share one bound, on two task queues and on one', async () => {
  const other = await makeSite();
  stop.push(() => other.remove());
  const board = join(site.folder, 'board');
  await mkdir(board);
  const [one, two, three] = await Promise.all([
    site.compile('one', { name: 'Bound1' }),
    other.compile('two', { name: 'Bound2' }),
    other.compile('three', { name: 'Bound3', taskQueue: 'metaflow-Bound2' }),
  ]);
  for (const version of [one, two, three]) await record(version);
  await serve({ maxWorkers: 2 });
  const started = await Promise.all([one, two, three].map((v) => start(v, { board, pause: 0.5 }, v.hash)));
  const [first, ...rest] = started as [WorkflowHandle, ...WorkflowHandle[]];
  expect(await dataOf(first, 'version')).toBe('one');
  expect(await Promise.all(rest.map((run) => dataOf(run, 'version', other)))).toEqual(['two', 'three']);
  const together = [
    await dataOf(first, 'together'),
    ...(await Promise.all(rest.map((r) => dataOf(r, 'together', other)))),
  ];
  expect(Math.max(...together.map(Number))).toBe(2);
  for (const name of ['Bound1', 'Bound2', 'Bound3']) await deleteDeployment(server.client, name);
}, 120_000);

it('goes on with a run that another process began, though a version of another sysroot is on record since', async () => {
  const other = await makeSite();
  stop.push(() => other.remove());
  const first = await site.compile('version 1', { name: 'Restarted' });
  await record(first);
  const before = await serve();
  const run = await start(first, { pause: 4 });
  await vi.waitFor(async () => expect((await run.describe()).historyLength).toBeGreaterThan(8), 20_000);
  await before.serving.kill();
  await before.end();
  await record(await other.compile('version 2', { name: 'Restarted' }));
  // Another machine: its cache is empty.
  await rm(join(site.folder, 'worker-1'), { recursive: true, force: true });
  await serve();
  expect(await dataOf(run, 'version')).toBe('version 1');
}, 120_000);

it('tells once of a deployment that it cannot serve, and serves the others', async () => {
  const good = await site.compile('good', { name: 'Good' });
  const foreign = { ...good.config, name: 'Foreign', taskQueue: 'foreign', interpreter: '/nowhere/python3' };
  const newer = { ...good.config, name: 'Newer', taskQueue: 'newer', version: 99 as 1 };
  for (const config of [good.config, newer]) await record({ config, hash: good.hash });
  const { log, end } = await serve({ refreshInterval: 300 });
  expect(await dataOf(await start(good), 'version')).toBe('good');
  await sleep(1000);
  const told = log.filter((line) => line.startsWith('Newer'));
  expect(told).toEqual([expect.stringMatching(/^Newer cannot be served, .* version 99, this release reads 1/)]);
  await end();
  await record({ config: foreign, hash: good.hash });
  const elsewhere = await serve({ python: '/nowhere/python3' });
  expect(elsewhere.log).toContainEqual(expect.stringMatching(/^Foreign cannot be served, .*\/nowhere\/python3/));
  expect(await polled({ config: foreign, hash: good.hash })).toBe(false);
  for (const name of ['Good', 'Foreign', 'Newer']) await deleteDeployment(server.client, name);
}, 90_000);

it('says of itself what it serves', async () => {
  const version = await site.compile('version 1', { name: 'Healthy' });
  await record(version);
  const { serving } = await serve();
  const { hash } = version;
  const own = { name: 'Healthy', hash, taskQueue: 'metaflow-Healthy', polling: true };
  await vi.waitFor(async () => expect((await serving.health()).deployments).toContainEqual(own), 10_000);
  expect(await serving.health()).toMatchObject({ state: 'running', connected: true, tasks: 0 });
  await server.client.schedule.getHandle(scheduleIdOf('Healthy')).delete();
}, 60_000);
