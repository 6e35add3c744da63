import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  connect,
  connectWorker,
  createDeploymentServer,
  deleteDeployment,
  listRuns,
  publishEvent,
  recordDeployment,
  type Connected,
  type Published,
  type Serving,
} from '../src/index.js';
import { python } from './support/deployment.js';
import { DATABASE, databaseIn, found, isPayload, text, visit } from './support/encoded.js';
import { startServer } from './support/server.js';
import { bareEnvironment, makeSite, type Site } from './support/site.js';

/*
 * Events on a namespace whose payloads are encrypted: published, joined, and announced by a run that has completed. Everything that a
 * publisher says, but for digests, must be unreadable in the server's database, in every history and in every memo.
 */

const CONVERTER = fileURLToPath(new URL('../../../examples/encryption/encryption.mjs', import.meta.url));
const FLOWS = fileURLToPath(new URL('../../../e2e/fixtures/events/', import.meta.url));
const secret = (what: string): string => `${what}-${randomBytes(12).toString('hex')}`;
/** What a publisher may say: values, names of fields, ids, and the name that a payload has of its own. */
const said = {
  value: secret('value'),
  field: secret('field'),
  id: secret('id'),
  name: secret('name'),
  orders: secret('orders'),
  stock: secret('stock'),
};

let folder: string;
let server: TestWorkflowEnvironment;
let site: Site;
let connected: Connected;
let worker: Awaited<ReturnType<typeof connectWorker>>;
let serving: Serving;
let running: Promise<void>;

beforeAll(async () => {
  process.env['MFT_ENCRYPTION_KEY'] = randomBytes(32).toString('base64');
  folder = await mkdtemp(join(tmpdir(), 'mft-encrypted-events-'));
  [server, site] = await Promise.all([startServer(join(folder, DATABASE)), makeSite()]);
  const { address } = server;
  connected = await connect({ address, dataConverter: CONVERTER });
  for (const file of ['train.py', 'report.py', 'both.py']) {
    const { config, hash } = await site.compileFile(join(FLOWS, file));
    await recordDeployment(connected.client, config, { hash, createdAt: new Date().toISOString(), listed: true });
  }
  worker = await connectWorker({ address, dataConverter: CONVERTER });
  const home = join(site.folder, 'worker');
  const quiet = (): void => undefined;
  serving = await createDeploymentServer({
    ...{ client: connected.client, connection: worker.connection, dataConverter: worker.dataConverter, python },
    ...{ env: bareEnvironment(home), cacheDirectory: join(home, 'cache'), grace: 5, onLauncherLog: quiet },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  running = serving.run();
}, 120_000);

afterAll(async () => {
  serving.shutdown();
  await running;
  await Promise.all([connected.connection.close(), worker.connection.close()]);
  await server.teardown();
  await site.remove();
  await rm(folder, { recursive: true, force: true });
});

/** The one run of a deployment, once it has completed. */
async function completed(deployment: string): Promise<{ pathspec: string; workflowId: string }> {
  const runs = await vi.waitFor(
    async () => {
      const listed = await listRuns(connected.client, { deployment });
      expect(listed.map(({ status }) => status)).toEqual(['completed']);
      return listed;
    },
    { timeout: 40_000, interval: 250 },
  );
  return runs[0]!;
}

const ask = async (pathspec: string, expression: string): Promise<unknown> =>
  JSON.parse(await site.ask(`(lambda run: __import__("json").dumps(${expression}))(metaflow.Run("${pathspec}"))`));

test('an event starts a run, whose end starts the run of the flow that waits for it', async () => {
  const { value: table, field, id, name } = said;
  const event = { name: 'data_ready', id, payload: { table, rows: '3', name, [field]: 1 } };
  const published: Published = await publishEvent(connected.client, event);
  expect(published).toMatchObject({ started: [{ deployment: 'TrainFlow' }], pending: [], refused: [] });
  const train = await completed('TrainFlow');
  expect(await ask(train.pathspec, '[run.data.model, run.data.payload["name"], run.trigger.event.id]')).toEqual([
    ...[`model of ${table}, 3 rows`, name, id],
  ]);
  const report = await completed('ReportFlow');
  expect(await ask(report.pathspec, '[run.data.text, run.trigger.run.pathspec]')).toEqual([
    ...[`Report on model of ${table}, 3 rows`, train.pathspec],
  ]);
  expect(await publishEvent(connected.client, event)).toMatchObject({ started: [], duplicates: ['TrainFlow'] });
});

test('several are joined by a workflow, which starts the run', async () => {
  const { orders, stock } = said;
  const one = await publishEvent(connected.client, { name: 'orders_ready', payload: { table: orders }, id: said.id });
  const two = await publishEvent(connected.client, { name: 'stock_ready', payload: { table: stock } });
  expect([one.pending, two.pending]).toEqual([['BothFlow'], ['BothFlow']]);
  const both = await completed('BothFlow');
  expect(await ask(both.pathspec, '[run.data.orders, run.data.stock]')).toEqual([orders, stock]);
});

test('every payload of their histories is encrypted, but for what the SDK notes of local activities', async () => {
  const plain = new Set<string>();
  const signals: string[] = [];
  let payloads = 0;
  for await (const { workflowId, runId } of connected.client.workflow.list()) {
    const history = await connected.client.workflow.getHandle(workflowId, runId).fetchHistory();
    visit(history, (key, value) => {
      if (key === 'signalName') signals.push(String(value));
      if (!isPayload(value)) return;
      payloads += 1;
      if (text(value.metadata['encoding']) !== 'binary/encrypted') plain.add(`${key}: ${text(value.data)}`);
    });
  }
  expect(payloads).toBeGreaterThan(20);
  // What is called the same for every event.
  expect(new Set(signals)).toEqual(new Set(['event']));
  expect([...plain].filter((one) => !/"activity_type":"loadMetaflowPlan"/.test(one))).toEqual([]);
});

test("nothing that was said, and no event's name, is anywhere in the server's database", async () => {
  await deleteDeployment(connected.client, 'BothFlow');
  const bytes = await databaseIn(folder);
  // What may be known is found, so the search works: names of deployments are in ids and task queues.
  for (const known of ['mft-waiting-TrainFlow', 'metaflow-trigger.BothFlow', 'MetaflowTriggerWorkflow'])
    expect([known, found(bytes, known)]).toEqual([known, ['plain']]);
  const names = ['data_ready', 'orders_ready', 'stock_ready', 'metaflow.TrainFlow.end', 'TrainFlow.end'];
  for (const hidden of [...Object.values(said), ...names]) expect([hidden, found(bytes, hidden)]).toEqual([hidden, []]);
});

test('whoever publishes without the converter is told so, and starts nothing', async () => {
  const plain = await connect({ address: server.address });
  try {
    await expect(publishEvent(plain.client, { name: 'data_ready' })).rejects.toMatchObject({
      code: 'DATA_CONVERTER_NEEDED',
    });
  } finally {
    await plain.connection.close();
  }
  expect((await listRuns(connected.client, { deployment: 'TrainFlow' })).length).toBe(1);
});
