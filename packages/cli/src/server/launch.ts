import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { MftError, SEARCH_ATTRIBUTES } from '@mft/graph';
import type { ServerFiles } from './paths.js';
import { endProcess } from './process.js';
import { probe } from './probe.js';
import { removeRecord, writeRecord, type ServerRecord } from './record.js';

/** Milliseconds until a server must answer; it usually does in 0.1-0.3 s. */
const READY_TIMEOUT = 60_000;
const LOG_LIMIT = 10_000_000;
/** How long finished runs stay visible. The development server's own default is one day. */
const RETENTION = '30d';

/**
 * What a development server needs to carry Metaflow flows: its defaults hold a chain of activities to 11 a second, and break a
 * workflow task off at 100 events that came meanwhile (900 empty tasks, window of 100: up to 4 breaks and 107 a second, none and 148).
 * A task queue in four partitions lets tasks wait for seconds in one that no idle worker polls (1,000 activities that do nothing: 1.8 to 6.1 s,
 * in one partition 1.3 to 1.7 s); partitions are for many servers. Of timers it takes 20 batches a second and clears them away every half minute: while
 * they lie there each look at the next one reads them all (100,000 activities: 250 s before, 204 s after).
 */
const TUNING = [
  ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=5000'],
  ['--dynamic-config-value', 'history.timerProcessorMaxPollRPS=5000'],
  ['--dynamic-config-value', 'history.timerProcessorUpdateAckInterval="5s"'],
  ['--dynamic-config-value', 'history.eventsCacheMaxSizeBytes=67108864'],
  ['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
  ['--dynamic-config-value', 'history.maximumBufferedEventsBatch=1000'],
  ['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
  ['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
  ['--sqlite-pragma', 'journal_mode=WAL'],
  ['--sqlite-pragma', 'synchronous=NORMAL'],
].flat();

export interface LaunchOptions {
  readonly binary: string;
  readonly files: ServerFiles;
  readonly port: number;
  /** Absent: no web UI. */
  readonly uiPort?: number;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Start a server process, in a group of its own so that a Ctrl-C meant for a command does not reach it, record it, and wait until it answers.
 *
 * @throws MftError SERVER_NOT_STARTED with the end of its log
 *
 * @example
 * ```ts
 * const record = await launch({ binary, files: serverFiles(), port: 7233, uiPort: 8233, namespace: 'default', env: process.env });
 * ```
 */
export async function launch(options: LaunchOptions): Promise<ServerRecord> {
  const { files, port, uiPort, namespace } = options;
  await mkdir(dirname(files.db), { recursive: true });
  const child = await spawnServer(options);
  if (child.pid === undefined) throw new Error('The server has no process id.');
  const record: ServerRecord = {
    pid: child.pid,
    address: `localhost:${port}`,
    ...(uiPort === undefined ? {} : { uiUrl: `http://localhost:${uiPort}` }),
    logFile: files.log,
    db: files.db,
    startedAt: new Date().toISOString(),
  };
  // Recorded before it is ready: if this process dies now, the next command still finds the server.
  await writeRecord(files, record);
  try {
    await untilReady(child, record, namespace);
  } catch (error) {
    await endProcess(record.pid, 5000);
    await removeRecord(files);
    throw error;
  }
  await Promise.all([keepHistory(options, record), showRuns(options, record)]);
  return record;
}

async function spawnServer({ binary, files, port, uiPort, namespace, env }: LaunchOptions): Promise<ChildProcess> {
  const written = await stat(files.log).catch(() => undefined);
  if (written !== undefined && written.size > LOG_LIMIT) await rename(files.log, `${files.log}.1`);
  const log = await open(files.log, 'a');
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--db-filename', files.db];
  args.push('--log-level', 'error', '--namespace', namespace, ...TUNING);
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]));
  try {
    const child = spawn(binary, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env,
      cwd: dirname(files.db),
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function untilReady(child: ChildProcess, record: ServerRecord, namespace: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT;
  while ((await probe(record.address, namespace)) !== 'ready') {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || Date.now() > deadline) {
      const said = await lastLines(record.logFile);
      throw new MftError(
        'SERVER_NOT_STARTED',
        `The Temporal server ${ended ? 'ended at once' : `did not answer at ${record.address} within ${READY_TIMEOUT / 1000} s`}: ${said}`,
        { hint: `Its log is ${record.logFile}.`, exitCode: 1 },
      );
    }
    await sleep(25);
  }
}

/** The server's own words, without the rest of its log lines. */
async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const said = [...text.matchAll(/msg="((?:[^"\\]|\\.)*)"/g)].at(-1)?.[1];
  return said ?? (text.trim().split('\n').slice(-3).join(' ').slice(-500) || 'it said nothing');
}

async function keepHistory({ binary, namespace, env }: LaunchOptions, { address }: ServerRecord): Promise<void> {
  const args = [
    'operator',
    'namespace',
    'update',
    '--address',
    address,
    '--namespace',
    namespace,
    '--retention',
    RETENTION,
  ];
  await execa(binary, args, { reject: false, timeout: 5000, stdin: 'ignore', env, extendEnv: false });
}

/** Search attributes by which runs are found. One that is there already is no error; without them everything works. */
async function showRuns({ binary, namespace, env }: LaunchOptions, { address }: ServerRecord): Promise<void> {
  const { tags, ...keywords } = SEARCH_ATTRIBUTES;
  const names = [...Object.values(keywords).map((name) => [name, 'Keyword']), [tags, 'KeywordList']];
  const words = names.flatMap(([name = '', type = '']) => ['--name', name, '--type', type]);
  const args = ['operator', 'search-attribute', 'create', '--address', address, '--namespace', namespace, ...words];
  await execa(binary, args, { reject: false, timeout: 5000, stdin: 'ignore', env, extendEnv: false });
}
