import { createServer } from 'node:net';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureServer, findServer, startServer, stopServer, type LocalServer } from '../src/server/ensure.js';
import { downloadBinary } from '../src/server/download.js';
import { findBinary } from '../src/server/binary.js';
import { withLock } from '../src/server/lock.js';
import { serverFiles } from '../src/server/paths.js';
import { choosePort } from '../src/server/ports.js';
import { probe } from '../src/server/probe.js';
import { endProcess, isAlive } from '../src/server/process.js';
import { SILENT } from '../src/notice.js';
import { cleanEnv, mft, temporaryFolder } from './support/mft.js';

/** Options of a server of this test's own, on any free ports; it is gone when the test ends. */
async function own() {
  const home = await temporaryFolder();
  const options = { env: cleanEnv(home) };
  onTestFinished(async () => void (await stopServer(options)));
  return { home, options, files: serverFiles(undefined, options.env) };
}

const same = (server: LocalServer | undefined) => ({
  pid: server?.pid,
  address: server?.address,
  uiUrl: server?.uiUrl,
});

describe('a local server', () => {
  it('starts, is found again, shows its UI, and ends', async () => {
    const { options } = await own();
    expect(await findServer(options)).toBeUndefined();
    const server = await ensureServer(options);
    expect(server.started).toBe(true);
    expect(await probe(server.address, 'default', 10_000)).toBe('ready');
    expect((await fetch(server.uiUrl!)).status).toBe(200);
    const again = await ensureServer(options);
    expect(again.started).toBe(false);
    expect(same(again)).toEqual(same(server));
    await again.stop();
    expect(await probe(server.address, 'default', 10_000)).toBe('ready');
    await server.stop();
    expect(await probe(server.address, 'default')).toBe('unreachable');
    expect(await isAlive(server.pid!)).toBe(false);
    expect(await findServer(options)).toBeUndefined();
  });

  it('is one only, however many commands start it at once', async () => {
    const { home } = await own();
    const starts = await Promise.all([1, 2, 3].map(() => mft(home, ['server', '--background', '--json'])));
    const servers = starts.map(({ stdout }) => JSON.parse(String(stdout)) as { pid: number; started: boolean });
    expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
    expect(servers.filter(({ started }) => started)).toHaveLength(1);
  });

  it('killed with -9 leaves what the next one starts from', async () => {
    const { options } = await own();
    const first = await startServer({ ...options, namespace: 'kept' });
    process.kill(first.pid!, 'SIGKILL');
    await endProcess(first.pid!, 1000);
    expect(await findServer(options)).toBeUndefined();
    const second = await startServer(options);
    expect(second.started).toBe(true);
    expect(second.pid).not.toBe(first.pid);
    // The namespace of the first is on the disk.
    await expect.poll(() => probe(second.address, 'kept'), { timeout: 20_000 }).toBe('ready');
  });

  it('never ends a process that is not the recorded server', async () => {
    const { options, files } = await own();
    const bystander = execa('sleep', ['60'], { reject: false });
    onTestFinished(async () => void bystander.kill('SIGKILL'));
    await mkdir(dirname(files.record), { recursive: true });
    await writeFile(
      files.record,
      JSON.stringify({ pid: bystander.pid, address: 'localhost:1', logFile: files.log, db: files.db }),
    );
    expect(await stopServer(options)).toBeUndefined();
    expect(await isAlive(bystander.pid!)).toBe(true);
  });

  it('says in one sentence why it does not start', async () => {
    const { home, options } = await own();
    const db = join(home, 'broken.db');
    await writeFile(db, 'this is not a database, and it is long enough to be seen as one'.repeat(20));
    await expect(startServer({ ...options, db })).rejects.toMatchObject({ code: 'SERVER_NOT_STARTED', exitCode: 1 });
    expect(await findServer({ ...options, db })).toBeUndefined();
  });

  it('in the foreground prints its addresses and ends with Ctrl-C', async () => {
    const { home, options } = await own();
    const command = mft(home, ['server']);
    let printed = '';
    command.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await expect.poll(() => printed, { timeout: 20_000 }).toMatch(/Process +\d+\n/);
    const server = await findServer(options);
    expect(printed).toContain(`Address   ${server!.address}\n  Web UI    ${server!.uiUrl}\n`);
    expect(printed).toContain(`Log       ${server!.logFile}\n`);
    command.kill('SIGINT');
    expect((await command).exitCode).toBe(0);
    expect(await isAlive(server!.pid!)).toBe(false);
  });

  it('answers --status and --stop', async () => {
    const { home } = await own();
    expect(await mft(home, ['server', '--status'])).toMatchObject({
      exitCode: 1,
      stdout: 'No Temporal server runs here. Start one with: mft server',
    });
    await mft(home, ['server', '--background', '--headless']);
    const status = await mft(home, ['server', '--status', '--json']);
    expect(JSON.parse(String(status.stdout))).toMatchObject({ running: true, db: join(home, 'state', 'temporal.db') });
    expect(JSON.parse(String(status.stdout))).not.toHaveProperty('uiUrl');
    expect((await mft(home, ['server', '--stop'])).stdout).toMatch(
      /^The Temporal server at localhost:\d+ has ended\.$/,
    );
    expect((await mft(home, ['server', '--stop'])).stdout).toBe('No server of mft runs here.');
  });
});

describe('ports', () => {
  it('are the next ones where the preferred one is taken', async () => {
    const taken = createServer().listen(0);
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const chosen = await choosePort(undefined, port, '--port');
    expect(chosen).not.toBe(port);
    await expect(choosePort(port, 7233, '--port')).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});

describe('probe', () => {
  it('takes nothing but Temporal for Temporal', async () => {
    const web = createHttpServer((_request, response) => response.end('hello')).listen(0);
    const mute = createServer().listen(0);
    onTestFinished(() => void [web.close(), mute.close()]);
    for (const { port } of [web.address(), mute.address()] as AddressInfo[]) {
      expect(await probe(`localhost:${port}`, 'default', 300)).toBe('unreachable');
    }
  });
});

describe('the binary', () => {
  /** A command that answers as Temporal's does. */
  async function fake(file: string, version: string): Promise<string> {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho "temporal version ${version}"\n`);
    await chmod(file, 0o755);
    return file;
  }

  it('is MFT_TEMPORAL_BINARY, else on PATH, else in the cache', async () => {
    const home = await temporaryFolder();
    const given = await fake(join(home, 'given', 'temporal'), '1.0.0');
    const onPath = await fake(join(home, 'bin', 'temporal'), '1.1.0');
    const cached = await fake(join(home, 'cache', 'mft', 'temporal', '1.2.0', 'temporal'), '1.2.0');
    const base = { XDG_CACHE_HOME: join(home, 'cache') };
    expect(await findBinary({ ...base, MFT_TEMPORAL_BINARY: given, PATH: dirname(onPath) }, SILENT)).toBe(given);
    expect(await findBinary({ ...base, PATH: `${join(home, 'none')}:${dirname(onPath)}` }, SILENT)).toBe(onPath);
    expect(await findBinary({ ...base, PATH: join(home, 'none') }, SILENT)).toBe(cached);
    await expect(findBinary({ MFT_TEMPORAL_BINARY: join(home, 'none') }, SILENT)).rejects.toMatchObject({
      code: 'BAD_SERVER_BINARY',
    });
  });

  it('is downloaded, checked and cached by its version', async () => {
    const home = await temporaryFolder();
    await fake(join(home, 'temporal'), '9.9.9');
    await execa('tar', ['-czf', join(home, 'a.tar.gz'), '-C', home, 'temporal']);
    const archive = await readFile(join(home, 'a.tar.gz'));
    const asked: string[] = [];
    const web = createHttpServer((request, response) => {
      asked.push(request.url!);
      response.setHeader('content-length', archive.length).end(archive);
    }).listen(0);
    onTestFinished(() => void web.close());
    const url = `http://localhost:${(web.address() as AddressInfo).port}/cli/archive/latest`;
    const env = { MFT_TEMPORAL_DOWNLOAD_URL: url, XDG_CACHE_HOME: join(home, 'cache'), PATH: '/usr/bin:/bin' };
    const said: string[] = [];
    const binary = await findBinary(env, { say: () => undefined, update: (text) => said.push(text) });
    expect(binary).toBe(join(home, 'cache', 'mft', 'temporal', '9.9.9', 'temporal'));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^\/cli\/archive\/latest\?platform=\w+&arch=\w+$/);
    expect(said.some((text) => text.startsWith("Downloading Temporal's CLI: "))).toBe(true);
    expect(await findBinary(env, SILENT)).toBe(binary);
    expect(asked).toHaveLength(1);
  });

  it('that nobody offers is an error that says what was tried', async () => {
    const home = await temporaryFolder();
    const env = { MFT_TEMPORAL_DOWNLOAD_URL: 'http://localhost:1/x', XDG_CACHE_HOME: home, PATH: join(home, 'none') };
    await expect(findBinary(env, SILENT)).rejects.toMatchObject({
      code: 'NO_SERVER_BINARY',
      exitCode: 1,
      message: expect.stringMatching(
        /no `temporal` on PATH; none in .*; localhost:1 could not be reached .*; there is no `go` on PATH/,
      ),
    });
  });

  it('that does not run here is not kept', async () => {
    const home = await temporaryFolder();
    const web = createHttpServer((_request, response) => response.end('not an archive')).listen(0);
    onTestFinished(() => void web.close());
    const env = {
      ...process.env,
      MFT_TEMPORAL_DOWNLOAD_URL: `http://localhost:${(web.address() as AddressInfo).port}/`,
    };
    const works = async () => true;
    await expect(downloadBinary({ cache: home, env, notice: SILENT, works })).rejects.toThrow('cannot be unpacked');
  });
});

describe('a lock', () => {
  it('lets one in at a time, and outlives no holder', async () => {
    const file = join(await temporaryFolder(), 'a.lock');
    let inside = 0;
    let most = 0;
    const body = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => withLock(file, body)));
    expect(most).toBe(1);

    const gone = execa('sleep', ['0']);
    await gone;
    await writeFile(file, String(gone.pid));
    expect(await withLock(file, async () => 'in')).toBe('in');
  });

  it('of a living process is waited for, then refused', async () => {
    const file = join(await temporaryFolder(), 'a.lock');
    const holder = execa('sleep', ['60'], { reject: false });
    onTestFinished(() => void holder.kill('SIGKILL'));
    await writeFile(file, String(holder.pid));
    const waits: number[] = [];
    const late = withLock(file, async () => 'in', { timeoutMs: 2000, onWait: (pid) => waits.push(pid) });
    await expect(late).rejects.toMatchObject({ code: 'LOCKED' });
    expect(waits).toEqual([holder.pid]);
  });
});
