import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UNHURRIED } from '@mft/testing';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa, type ResultPromise } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, connectWorker, describeOutcome, startRun, type Connected } from '../src/index.js';
import { deploy, type Deployed } from './support/deployment.js';
import { startServer } from './support/server.js';
import { makeCertificates, SERVER_NAME, startTlsFront, type Certificates, type TlsFront } from './support/tls.js';

let folder: string;
let server: TestWorkflowEnvironment;
let deployed: Deployed;
let good: Certificates;
let other: Certificates;
let mutual: TlsFront;
let keyed: TlsFront;
let connected: Connected;
const workers: Worker[] = [];

type Worker = ResultPromise<{ reject: false; all: true }>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mft-production-'));
  server = await startServer();
  [deployed, good, other, connected] = await Promise.all([
    deploy(server.address),
    makeCertificates(folder, 'good'),
    makeCertificates(folder, 'other'),
    connect({ address: server.address }),
  ]);
  mutual = await startTlsFront(server.address, good, { clientCertificate: true });
  keyed = await startTlsFront(server.address, good, { apiKey: 'the-key' });
  await writeFile(
    join(folder, 'temporal.toml'),
    `[profile.prod]
address = "${mutual.address}"
[profile.prod.tls]
server_name = "${SERVER_NAME}"
server_ca_cert_path = "${good.ca}"
client_cert_path = "${good.clientCert}"
client_key_path = "${good.clientKey}"
`,
  );
}, 120_000);

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.kill('SIGTERM');
    await worker;
  }
});

afterAll(async () => {
  await connected.connection.close();
  await Promise.all([mutual.close(), keyed.close()]);
  await server.teardown();
  await deployed.remove();
  await rm(folder, { recursive: true, force: true });
});

function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Worker {
  return execa(process.execPath, [deployed.file, ...args], {
    ...{ env: { ...deployed.env, ...env }, extendEnv: false, cwd: deployed.folder, reject: false, all: true },
    ...UNHURRIED,
  });
}

/** Start a worker; answers what it said until it polled. */
async function work(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ worker: Worker; said: string }> {
  const worker = node(args, env);
  workers.push(worker);
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    worker.all.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('polling')) resolve(text);
    });
    void worker.then(({ all }) => reject(new Error(`The worker ended: ${all}`)));
  });
  return { worker, said };
}

describe('TLS and keys', () => {
  const name = { tlsServerName: SERVER_NAME };
  const env = { TEMPORAL_CONFIG_FILE: '/nowhere.toml' };
  const mine = () => ({ ...name, tlsCaPath: good.ca, tlsCertPath: good.clientCert, tlsKeyPath: good.clientKey });

  test('a worker by a profile, a trigger by flags, through mutual TLS', async () => {
    await work(['--profile', 'prod'], { TEMPORAL_ADDRESS: '', TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml') });
    const tls = ['--tls-server-name', SERVER_NAME, '--tls-ca-path', good.ca];
    const pair = ['--tls-cert-path', good.clientCert, '--tls-key-path', good.clientKey];
    const { exitCode, all } = await node(['trigger', 'greeting=x', '--address', mutual.address, ...tls, ...pair]);
    expect([exitCode, all]).toEqual([0, expect.stringContaining('completed')]);
  });

  test.each([
    ['client', (flags: object) => connect(flags, env)],
    ['worker', (flags: object) => connectWorker(flags, undefined, env)],
  ])(
    '%s: a wrong authority, a wrong name, no certificate, no key: each is told',
    async (_, open) => {
      const { address } = mutual;
      await expect(open({ ...mine(), address, tlsCaPath: other.ca })).rejects.toMatchObject({
        code: 'TLS_FAILED',
        message: `The TLS connection to ${address} failed: self-signed certificate in certificate chain.`,
        hint: expect.stringContaining('--tls-ca-path'),
        exitCode: 1,
      });
      await expect(open({ ...mine(), address, tlsServerName: 'other.example' })).rejects.toMatchObject({
        code: 'TLS_FAILED',
        hint: expect.stringContaining('--tls-server-name'),
      });
      await expect(open({ ...name, address, tlsCaPath: good.ca })).rejects.toMatchObject({
        code: 'TLS_FAILED',
        message: expect.stringContaining('certificate required'),
        hint: expect.stringContaining('--tls-cert-path'),
      });
      await expect(open({ address: server.address, tls: true })).rejects.toMatchObject({
        code: 'TLS_FAILED',
        hint: expect.stringContaining('--no-tls'),
      });
      const key = { ...name, address: keyed.address, tlsCaPath: good.ca };
      await expect(open(key)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
      await expect(open({ ...key, apiKey: 'another' })).rejects.toMatchObject({
        code: 'CONNECTION_REFUSED',
        message: `The Temporal server at ${keyed.address} lets nobody in with this API key.`,
        hint: expect.stringContaining('TEMPORAL_API_KEY'),
      });
      await expect(open({ address })).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        hint: expect.stringContaining('--tls'),
      });
    },
    30_000,
  );

  test('the key is sent with every call', async () => {
    const { client, connection } = await connect(
      { ...name, address: keyed.address, tlsCaPath: good.ca },
      { ...env, TEMPORAL_API_KEY: 'the-key' },
    );
    try {
      expect((await client.workflow.count()).count).toBeGreaterThanOrEqual(0);
    } finally {
      await connection.close();
    }
  });
});

describe('metrics, health, logs', () => {
  const PORTS = ['--metrics-port', '127.0.0.1:0', '--health-port', '127.0.0.1:0'];
  const urlIn = (said: string, path: string): string => new RegExp(`http://[\\d.:]+(?=${path})`).exec(said)?.[0] ?? '';
  const ask = async (url: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(url);
    return { status: response.status, body: await response.json() };
  };

  test('health and metrics of a worker that works and that drains', async () => {
    const { worker, said } = await work([...PORTS, '--grace', '20']);
    const health = urlIn(said, '/health');
    const serving = [{ name: 'MyFlow', hash: deployed.hash, taskQueue: 'metaflow-MyFlow', polling: true }];
    const running = { state: 'running', connected: true, deployments: serving, tasks: 0 };
    // Where it takes longer than a probe waits, the answer is another one.
    const answers = (path: string) => expect.poll(() => ask(`${health}${path}`), { timeout: 10_000 });
    await answers('/ready').toEqual({ status: 200, body: running });
    await answers('/health').toEqual({ status: 200, body: running });
    expect((await fetch(`${health}/other`)).status).toBe(404);
    const gate = join(folder, 'drain');
    const params = { greeting: 'x', gate };
    const run = await startRun(connected.client, deployed.config, { params }, { hash: deployed.hash });
    await until(async () => ((await ask(`${health}/ready`)).body as { tasks: number }).tasks === 3);

    const metrics = await (await fetch(`${urlIn(said, '/metrics')}/metrics`)).text();
    expect(metrics).toMatch(/^temporal_worker_task_slots_used\{.*worker_type="ActivityWorker".*\} 3$/m);
    expect(metrics).toMatch(/^temporal_workflow_task_queue_poll_succeed_total\{.*task_queue="metaflow-MyFlow"/m);

    worker.kill('SIGTERM');
    await until(async () => (await ask(`${health}/ready`)).status === 503);
    const draining = { state: 'draining', connected: true, deployments: [{ ...serving[0], polling: false }], tasks: 3 };
    await answers('/ready').toEqual({ status: 503, body: draining });
    expect((await ask(`${health}/health`)).status).toBe(200);
    await writeFile(gate, '');
    expect((await worker).exitCode).toBe(0);
    await work([]);
    expect(await describeOutcome(connected.client, run)).toMatchObject({ status: 'completed' });
  });

  test('--log-format json: every line is one object, tasks say which they are', async () => {
    const { worker } = await work([...PORTS, '--log-format', 'json']);
    const failing = await node(['trigger', 'greeting=boom', '--json']);
    expect(failing.exitCode).toBe(1);
    worker.kill('SIGTERM');
    const { stdout, stderr } = await worker;
    const [out, err] = [stdout, stderr].map((text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    ) as [Record<string, unknown>[], Record<string, unknown>[]];
    for (const line of [...out, ...err]) {
      expect(line).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/), level: expect.any(String) });
      expect(line['message']).toEqual(expect.any(String));
    }
    const { runId, workflowId } = JSON.parse(failing.stdout.split('\n').at(-1) ?? '') as Record<string, string>;
    expect(out).toContainEqual({
      ...{ time: expect.any(String), level: 'info', message: 'hello boom', flow: 'MyFlow', run: runId, step: 'start' },
      ...{ task: 'temporal-start-0', attempt: 0, stream: 'stdout' },
    });
    expect(err).toContainEqual(
      expect.objectContaining({ stream: 'stderr', step: 'work', message: 'ValueError: cannot greet boom' }),
    );
    expect(err).toContainEqual(expect.objectContaining({ level: 'warn', source: 'temporal', workflowId }));
    expect(out.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^SIGTERM: no new tasks/));
  });

  test('ports that cannot be had end the worker with a code, as text and as JSON', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const port = `127.0.0.1:${(taken.address() as { port: number }).port}`;
    try {
      for (const flag of ['--metrics-port', '--health-port']) {
        const text = await node([flag, port]);
        expect([text.exitCode, text.stderr]).toEqual([1, expect.stringContaining(`Error [PORT_TAKEN]: ${flag}: port`)]);
      }
      const json = await node(['--prometheus-port', port, '--log-format', 'json']);
      expect(JSON.parse(json.all)).toMatchObject({ level: 'error', code: 'PORT_TAKEN' });
      const bad = await node(['--health-port', 'http']);
      expect([bad.exitCode, bad.stderr]).toEqual([2, expect.stringContaining('Error [BAD_PORT]')]);
    } finally {
      taken.close();
    }
  });
});

test('a copy of the file has the converter of its working directory', async () => {
  await copyFile(deployed.file, join(folder, 'copy.mjs'));
  const { exitCode, stderr } = await execa(process.execPath, ['copy.mjs', '--data-converter', './none.mjs'], {
    ...{ env: deployed.env, extendEnv: false, cwd: folder, reject: false },
  });
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[DATA_CONVERTER_NOT_FOUND]')]);
  expect(stderr).toContain(`Files are sought from ${folder}`);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error('This never came true.');
}
