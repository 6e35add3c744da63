import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../src/main.js';
import { startServer, type LocalServer } from '../src/server/ensure.js';
import { cleanEnv, fixture, mft } from './support/mft.js';

let home: string;
let server: LocalServer;
let connection: Connection;
let client: Client;

interface Answer {
  readonly runId: string;
  readonly workflowId: string;
  readonly error: { readonly code: string };
  readonly [key: string]: unknown;
}

/** The object that a command prints with `--json`. */
async function told(...args: string[]): Promise<Answer> {
  let stdout = '';
  const world = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => true },
    env: cleanEnv(home),
  };
  await main([...args, '--json'], world);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Answer;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mft-undoing-'));
  server = await startServer({ env: cleanEnv(home) });
  connection = await Connection.connect({ address: server.address });
  client = new Client({ connection });
  expect((await mft(home, ['create', fixture('verbs.py')])).stderr).toBe('');
}, 60_000);

afterAll(async () => {
  await connection.close();
  await server.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

it('a run is told how it is to be undone, and can be asked to be', async () => {
  const input = async (run: string) => {
    const shown = await told('status', run);
    const history = await client.workflow.getHandle(shown.workflowId).fetchHistory();
    const { payloads } = history.events![0]!.workflowExecutionStartedEventAttributes!.input!;
    return JSON.parse(Buffer.from(payloads![0]!.data!).toString()) as { compensate?: object };
  };
  const plain = await told('trigger', 'VerbsFlow');
  expect(await input(plain.runId)).not.toHaveProperty('compensate');
  const asked = await told('trigger', 'VerbsFlow', '--compensate-parallel', '3');
  expect((await input(asked.runId)).compensate).toEqual({ parallel: 3 });
  const resumed = await told('resume', 'VerbsFlow', '--origin-run-id', 'temporal-x', '--compensate-cloned');
  expect((await input(resumed.runId)).compensate).toEqual({ cloned: true });
  const { error } = await told('trigger', 'VerbsFlow', '--compensate-parallel', '0');
  expect(error.code).toBe('INVALID_OPTION');
  const { stdout, stderr, exitCode } = await mft(home, ['terminate', asked.runId, '--compensate', '--reason', 'no']);
  expect([stdout, exitCode]).toEqual([expect.stringMatching(/^Asked VerbsFlow\/\S+ to undo what it did and end\./), 0]);
  expect(stderr).toContain('no worker polls the task queue "metaflow-VerbsFlow": it is undone and ended once one does');
  expect(await told('terminate', plain.runId, '--compensate')).toMatchObject({
    ...{ status: 'running', terminateRequested: true, runId: plain.runId },
  });
  for (const { runId } of [plain, asked, resumed]) await told('terminate', runId);
});

it('status of a run that has ended tells from its memo what was undone, and says in one line what was not', async () => {
  const compensation = {
    total: 3,
    compensated: ['pay', 'book_flight'],
    failed: [{ name: 'book_hotel', error: 'hotel API: 503' }],
    unreached: [],
  };
  const memo = { flow: 'VerbsFlow', deployment: 'VerbsFlow', compensation };
  const handle = await client.workflow.start('MetaflowWorkflow', {
    ...{ workflowId: 'VerbsFlow-undone', taskQueue: 'metaflow-VerbsFlow', memo },
  });
  await handle.terminate('enough');
  expect(await told('status', 'VerbsFlow-undone')).toMatchObject({ status: 'terminated', compensation });
  const { stdout, stderr } = await mft(home, ['status', 'VerbsFlow-undone']);
  expect(stdout).toContain('  Undone: 2 of 3 tasks: pay, book_flight\n  Not undone: book_hotel: hotel API: 503\n');
  expect(String(stderr).trim()).toBe(
    'warning: compensation of VerbsFlow/temporal-VerbsFlow-undone was incomplete: 2 compensated, 1 failed (book_hotel: hotel API: 503)',
  );
});
