import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporalBinary, UNHURRIED } from '@mft/testing';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  connect,
  describeOutcome,
  fetchProgress,
  readDeployment,
  recordDeployment,
  startRun,
  type Connected,
  type RunOutcome,
  type StartedRunInfo,
} from '../src/index.js';
import { deploy, type Deployed } from './support/deployment.js';
import { DATABASE, databaseIn, found, isPayload, text, visit } from './support/encoded.js';
import { startServer } from './support/server.js';

/*
 * One run with a secret parameter, through a worker of another process, on a server whose database lies in a file: afterwards the file
 * is searched, so that nothing that the server keeps or passes on can be overlooked.
 */

const EXAMPLE = fileURLToPath(new URL('../../../examples/encryption/', import.meta.url));
const CONVERTER = join(EXAMPLE, 'encryption.mjs');
const KEY = randomBytes(32).toString('base64');
const SECRET = `secret-${randomBytes(12).toString('hex')}`;
/** As the flow derives it from the parameter. */
const DERIVED = SECRET.toUpperCase();

let folder: string;
let server: TestWorkflowEnvironment;
let deployed: Deployed;
let connected: Connected;
let worker: ResultPromise<{ reject: false; all: true }>;
let run: StartedRunInfo;
let outcome: RunOutcome;

const env = (): NodeJS.ProcessEnv => ({ ...deployed.env, MFT_ENCRYPTION_KEY: KEY });

beforeAll(async () => {
  process.env['MFT_ENCRYPTION_KEY'] = KEY;
  folder = await mkdtemp(join(tmpdir(), 'mft-encryption-'));
  server = await startServer(join(folder, DATABASE));
  deployed = await deploy(server.address, 'secretive.py');
  worker = execa(process.execPath, [deployed.file, '--data-converter', CONVERTER], {
    ...{ env: env(), extendEnv: false, cwd: deployed.folder, reject: false, all: true, ...UNHURRIED },
  });
  connected = await connect({ address: server.address, dataConverter: CONVERTER });
  await recordDeployment(connected.client, deployed.config, {
    hash: deployed.hash,
    createdAt: new Date().toISOString(),
  });
  const gate = join(folder, 'gate');
  const params = { secret: SECRET, gate };
  run = await startRun(connected.client, deployed.config, { params }, { hash: deployed.hash });
  const ended = describeOutcome(connected.client, run);
  // While it runs: a query and its answer, heartbeats and details of pending activities.
  await until(async () => {
    const { steps } = await fetchProgress(connected.client, run.workflowId);
    return (steps['speak']?.running ?? 0) > 0;
  });
  await until(async () => {
    pending = await connected.connection.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId: run.workflowId },
    });
    return beatsOf(pending).length > 0;
  });
  await writeFile(gate, '');
  outcome = await ended;
}, 120_000);

type Description = Awaited<ReturnType<Connected['connection']['workflowService']['describeWorkflowExecution']>>;
let pending: Description;

const beatsOf = ({ pendingActivities }: Description) =>
  (pendingActivities ?? []).flatMap(({ heartbeatDetails }) => heartbeatDetails?.payloads ?? []);

afterAll(async () => {
  worker.kill('SIGTERM');
  await worker;
  await connected.connection.close();
  await server.teardown();
  await deployed.remove();
  await rm(folder, { recursive: true, force: true });
});

test('whoever has the converter reads the outcome, the traceback, the deployment', async () => {
  expect(outcome).toMatchObject({
    status: 'failed',
    error: { step: 'break_down', type: 'ValueError', message: expect.stringContaining(`cannot work with ${SECRET}`) },
  });
  expect(outcome.error?.traceback).toContain(`and ${DERIVED}`);
  expect((await readDeployment(connected.client, 'SecretiveFlow')).hash).toBe(deployed.hash);
  const { memo } = await connected.client.workflow.getHandle(run.workflowId).describe();
  expect(memo).toMatchObject({ flow: 'SecretiveFlow', configHash: deployed.hash });
});

test('a running task had heartbeats, and they were encrypted', () => {
  const beats = beatsOf(pending);
  expect(beats.length).toBeGreaterThan(0);
  expect(beats.map(({ metadata }) => text(metadata?.['encoding']))).toEqual(beats.map(() => 'binary/encrypted'));
});

test('every payload of the history is encrypted, failures too, but for what the SDK notes of local activities', async () => {
  const history = await connected.client.workflow.getHandle(run.workflowId).fetchHistory();
  const plain = new Set<string>();
  const messages = new Set<string>();
  visit(history, (key, value) => {
    if (isPayload(value) && text(value.metadata['encoding']) !== 'binary/encrypted')
      plain.add(`${key}: ${text(value.data)}`);
    if ((key === 'message' || key === 'stackTrace') && typeof value === 'string' && value !== '') messages.add(value);
  });
  expect([...plain]).toEqual([
    expect.stringMatching(
      /^0: \{"seq":1,"attempt":1,"activity_id":"1","activity_type":"loadMetaflowPlan",[\w":,{}]*\}$/,
    ),
  ]);
  expect([...messages]).toEqual(['Encoded failure']);
});

test("no value, no traceback is anywhere in the server's database", async () => {
  const bytes = await databaseIn(folder);
  // What may be known is found, so the search works: names of steps and flows are not hidden in workflow ids and types.
  expect(found(bytes, run.workflowId)).toEqual(['plain']);
  for (const text of [
    SECRET,
    DERIVED,
    'Traceback (most',
    'cannot work with',
    'the last line holds',
    'default-of-a-parameter',
  ])
    expect([text, found(bytes, text)]).toEqual([text, []]);
});

test('without the converter: told what is needed, by the client and by node FILE trigger', async () => {
  const plain = await connect({ address: server.address });
  try {
    await expect(readDeployment(plain.client, 'SecretiveFlow')).rejects.toMatchObject({
      code: 'DATA_CONVERTER_NEEDED',
    });
    await expect(describeOutcome(plain.client, run)).rejects.toMatchObject({
      code: 'DATA_CONVERTER_NEEDED',
      message: 'Data on this Temporal server is encoded ("binary/encrypted").',
      hint: 'Name the module that decodes it: --data-converter MODULE, or MFT_DATA_CONVERTER.',
    });
  } finally {
    await plain.connection.close();
  }
});

test('with another key: told that it cannot be decoded', async () => {
  process.env['MFT_ENCRYPTION_KEY'] = randomBytes(32).toString('base64');
  const other = await connect({ address: server.address, dataConverter: `file://${CONVERTER}?other-key` });
  try {
    await expect(describeOutcome(other.client, run)).rejects.toMatchObject({
      code: 'DATA_CONVERTER_FAILED',
      message: expect.stringContaining('cannot decode a payload: it was encrypted with the key'),
    });
  } finally {
    process.env['MFT_ENCRYPTION_KEY'] = KEY;
    await other.connection.close();
  }
});

test('node FILE trigger with MFT_DATA_CONVERTER: a run that completes', async () => {
  const { stdout, exitCode } = await execa(
    process.execPath,
    [deployed.file, 'trigger', `secret=${SECRET}`, 'fail=false', '--json'],
    { env: { ...env(), MFT_DATA_CONVERTER: CONVERTER }, extendEnv: false, cwd: deployed.folder, reject: false },
  );
  expect(JSON.parse(stdout)).toMatchObject({ status: 'completed' });
  expect(exitCode).toBe(0);
}, 60_000);

test("Temporal's own command line reads it through the codec server", async () => {
  const codec = execa(process.execPath, [join(EXAMPLE, 'codec-server.mjs'), '0'], {
    ...{ env: env(), extendEnv: false, reject: false },
  });
  try {
    const endpoint = await new Promise<string>((resolve) => {
      codec.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    const { stdout } = await execa(
      temporalBinary(),
      [
        'workflow',
        'show',
        '-o',
        'json',
        '-w',
        run.workflowId,
        '--address',
        server.address,
        '--codec-endpoint',
        endpoint,
      ],
      { env: { HOME: folder }, extendEnv: false },
    );
    // Its JSON has payloads in base64.
    expect(found(Buffer.from(stdout), `cannot work with ${SECRET}`)).not.toEqual([]);
  } finally {
    codec.kill();
    await codec;
  }
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    if (await condition().catch(() => false)) return;
    await sleep(250);
  }
  throw new Error('This never came true.');
}
