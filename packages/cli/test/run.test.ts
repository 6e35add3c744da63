import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { connect } from '@mft/worker';
import { isAlive } from '../src/server/process.js';
import { startServer, type LocalServer } from '../src/server/ensure.js';
import { cleanEnv, fixture, mft, PYTHON } from './support/mft.js';

let home: string;
let server: LocalServer;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mft-run-'));
  server = await startServer({ env: cleanEnv(home) });
});

afterAll(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

/** Read through Metaflow's own client. */
async function read(expression: string): Promise<unknown> {
  const code = `import json, metaflow\nmetaflow.namespace(None)\nprint(json.dumps(${expression}))`;
  const { stdout } = await execa(PYTHON, ['-c', code], { cwd: home, extendEnv: false, env: cleanEnv(home) });
  return JSON.parse(stdout);
}

const lastLine = (text: unknown): Record<string, unknown> =>
  JSON.parse(String(text).split('\n').at(-1)!) as Record<string, unknown>;

describe('mft run', () => {
  it('runs a flow, shows what it prints, and says how to read it', async () => {
    const { stdout, stderr, exitCode } = await mft(home, [
      'run',
      '--tag',
      'blue',
      fixture('hello.py'),
      'greeting=--a=ü',
      'count=3',
    ]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const pathspec = /HelloFlow\/temporal-HelloFlow-[a-z0-9]+/.exec(String(stdout))![0];
    expect(stdout).toContain('[start] says --a=ü--a=ü\n');
    expect(stdout).toContain('end: done, 1 task in ');
    expect(stdout).toMatch(new RegExp(`${pathspec} completed\n +Read it: +python .*${pathspec}`));
    expect(stdout).toContain(`${server.uiUrl}/namespaces/default/workflows/`);
    expect(await read(`[metaflow.Run("${pathspec}").data.line, metaflow.Run("${pathspec}").data.count]`)).toEqual([
      '--a=ü--a=ü',
      3,
    ]);
    expect(await read(`sorted(metaflow.Run("${pathspec}").user_tags)`)).toContain('blue');
  });

  it('undoes a run that does not complete, last first, and tells of it; the error stays its own', async () => {
    const { stdout, stderr, exitCode } = await mft(home, ['run', fixture('booking.py'), '--compensate-parallel', '2']);
    expect(exitCode).toBe(1);
    const lines = String(stdout).split('\n');
    const undone = lines.filter((line) => line.startsWith('[undo '));
    expect(undone).toEqual([
      '[undo cancel_flight(book_flight)] cancelling seat 12A because of confirm',
      '[undo cancel_hotel(book_hotel)] cancelling room 42',
    ]);
    expect(stdout).toMatch(/^undoing: 2 tasks\n(?:.*\n)*undoing: done, 2 of 2 tasks\n/m);
    expect(lines).toContain('ValueError: Payment declined');
    expect(lines).toContain('  Undone: 2 of 2 tasks: book_flight, book_hotel');
    expect(stderr).not.toContain('incomplete');
  });

  it('of one that was not undone to the end the last line on stderr says so', async () => {
    const args = ['run', '--json', fixture('booking.py'), 'stubborn=yes'];
    const { stdout, stderr, exitCode } = await mft(home, args);
    expect(exitCode).toBe(1);
    const { pathspec, ...told } = lastLine(stdout);
    expect(told).toMatchObject({
      status: 'failed',
      error: { step: 'confirm', type: 'ValueError', message: 'ValueError: Payment declined' },
      compensation: {
        total: 2,
        compensated: ['book_flight'],
        failed: [{ name: 'book_hotel', error: 'ConnectionError: hotel API: 503' }],
        unreached: [],
      },
    });
    expect(String(stderr).trimEnd().split('\n').at(-1)).toBe(
      `warning: compensation of ${String(pathspec)} was incomplete: 1 compensated, 1 failed (book_hotel: ConnectionError: hotel API: 503)`,
    );
    expect(stderr).toContain('[undo cancel_hotel(book_hotel) retry 1] cancelling room 42');
  });

  it('--json: one object on stdout, everything else on stderr, the run id in its file', async () => {
    const { stdout, stderr, exitCode } = await mft(home, [
      'run',
      fixture('shapes.py'),
      '--json',
      '--run-id-file',
      'run-id',
    ]);
    expect(exitCode).toBe(0);
    expect(String(stdout).split('\n')).toHaveLength(1);
    const runId = await readFile(join(home, 'run-id'), 'utf8');
    expect(lastLine(stdout)).toEqual({
      status: 'completed',
      pathspec: `ShapesFlow/${runId}`,
      runId,
      workflowId: runId.replace('temporal-', ''),
    });
    expect(stderr).toContain('each: done, 3 tasks');
    expect(await read(`metaflow.Run("ShapesFlow/${runId}").data.result`)).toEqual([14, 3]);
  });

  it('takes every type of parameter, dashes in names, and options anywhere', async () => {
    const words = ['alpha=1e-3', 'table={"a": [1, "ü"]}', '--with', 'retry', 'verbose=true', 'learning-rate=2'];
    const { stdout } = await mft(home, ['run', ...words.slice(0, 2), fixture('typed.py'), ...words.slice(2), '--json']);
    const { pathspec } = lastLine(stdout);
    expect(await read(`metaflow.Run("${String(pathspec)}").data.seen`)).toEqual([0.001, 2, true, { a: [1, 'ü'] }, 2]);
  });

  it('of a failing flow: the traceback, exit status 1, and no wait between attempts', async () => {
    const { stdout, stderr, exitCode } = await mft(home, ['run', fixture('failing.py'), '--json']);
    expect(exitCode).toBe(1);
    expect(lastLine(stdout)).toMatchObject({
      status: 'failed',
      error: {
        step: 'work',
        type: 'ValueError',
        message: expect.stringContaining('no such luck'),
        traceback: expect.stringContaining('failing.py", line'),
      },
    });
    expect(stderr).toContain('[work retry 1] ');
    const { pathspec } = lastLine(stdout);
    expect(await read(`metaflow.Step("${String(pathspec)}/work").task.current_attempt`)).toBe(1);
  });

  it('with --quiet shows what tasks print, and no progress', async () => {
    const { stdout } = await mft(home, ['run', fixture('hello.py'), '--quiet']);
    expect(stdout).toContain('[start] says hellohello\n');
    expect(stdout).not.toContain('end: done');
  });
});

describe('Ctrl-C', () => {
  async function interrupted(name: string, more: readonly string[], signals: number) {
    const pidFile = join(home, name);
    const command = mft(home, ['run', fixture('slow.py'), `pid_file=${pidFile}`, ...more, '--json']);
    let said = '';
    command.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 30_000 }).toContain('[start] sleeping');
    command.kill('SIGINT');
    await expect.poll(() => said, { timeout: 20_000 }).toContain('Cancelling the run');
    const asked = Date.now();
    if (signals > 1) command.kill('SIGINT');
    const { stdout, exitCode } = await command;
    const pid = Number(await readFile(pidFile, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    return { outcome: lastLine(stdout), exitCode, took: Date.now() - asked };
  }

  it('once cancels the run and waits for its end', async () => {
    const { outcome, exitCode } = await interrupted('once', [], 1);
    expect(outcome).toMatchObject({
      status: 'cancelled',
      pathspec: expect.stringMatching(/^SlowFlow\/temporal-SlowFlow-/),
    });
    expect(exitCode).toBe(1);
  });

  it('before the run is accepted ends the command, and still leaves its line of JSON', async () => {
    const endless = join(home, 'endless.py');
    await writeFile(endless, `open(${JSON.stringify(join(home, 'reading'))}, 'w')\nwhile True: pass\n`);
    const command = mft(home, ['run', endless, '--json']);
    await expect.poll(() => existsSync(join(home, 'reading')), { timeout: 30_000 }).toBe(true);
    command.kill('SIGINT');
    const { stdout, exitCode } = await command;
    expect(lastLine(stdout)).toEqual({ status: 'cancelled', pathspec: null, runId: null, workflowId: null });
    expect(exitCode).toBe(1);
  });

  it('twice kills the tasks, also those that ignore SIGTERM', async () => {
    const { outcome, exitCode, took } = await interrupted('twice', ['stubborn=true'], 2);
    expect(outcome).toMatchObject({ status: 'terminated' });
    expect(exitCode).toBe(1);
    expect(took).toBeLessThan(8000);
  });
});

describe('kill -9', () => {
  it('leaves a run open that the next mft run ends', async () => {
    const command = mft(home, ['run', fixture('slow.py'), `pid_file=${join(home, 'killed')}`]);
    let said = '';
    command.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 30_000 }).toContain('[start] sleeping');
    command.kill('SIGKILL');
    await command;
    const workflowId = /SlowFlow\/temporal-(\S+)/.exec(said)![1]!;
    const { stdout } = await mft(home, ['run', fixture('hello.py')]);
    expect(stdout).toContain(`Ended what a killed mft run had left open: ${workflowId}`);
    const { client, connection } = await connect({ address: server.address });
    const { status } = await client.workflow.getHandle(workflowId).describe();
    await connection.close();
    expect(status.name).toBe('TERMINATED');
  });
});
