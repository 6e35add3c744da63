import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '@mft/graph';
import { SILENT, type Notice } from '../notice.js';
import { findBinary } from './binary.js';
import { launch } from './launch.js';
import { withLock } from './lock.js';
import { serverFiles, type ServerFiles } from './paths.js';
import { choosePort, DEFAULT_PORT, DEFAULT_UI_PORT, portOf } from './ports.js';
import { probe } from './probe.js';
import { endProcess } from './process.js';
import { healthOf, readRecord, removeRecord, type ServerRecord } from './record.js';

/*
 * The local server.
 *
 * S1. One server a database: it is started under a lock, and recorded beside the database before it is ready.
 * S2. It outlives the command that started it, so that the second run is quick and the history stays in the UI.
 * S3. With MFT_STATE_DIR or a database given, only a server that lies there is used: never one that others started.
 * S4. Only a process whose command line names the database is ever signalled.
 */

/** Which local server is meant, and how it is started where there is none. */
export interface ServerOptions {
  /** Database file; default `temporal.db` in the state folder. */
  readonly db?: string | undefined;
  /** gRPC port; 0 for any. Default MFT_SERVER_PORT, else 7233 or the next free one. */
  readonly port?: number | undefined;
  /** Port of the web UI; 0 for any. Default MFT_SERVER_UI_PORT, else 8233 or the next free one. */
  readonly uiPort?: number | undefined;
  /** No web UI. */
  readonly headless?: boolean | undefined;
  /** Temporal namespace that must exist. Default `default`. */
  readonly namespace?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly notice?: Notice | undefined;
}

/** A server that answers. */
export interface LocalServer {
  /** host:port */
  readonly address: string;
  readonly uiUrl?: string;
  readonly logFile?: string;
  readonly pid?: number;
  readonly db?: string;
  /** Whether this call started it. */
  readonly started: boolean;
  /** Ends the server if this call started it; otherwise does nothing. */
  stop(): Promise<void>;
}

/**
 * A running local server: one at localhost:7233, else the one that mft recorded. Starts nothing.
 *
 * @example
 * ```ts
 * const server = await findServer(); // undefined where none runs
 * ```
 */
export async function findServer(options: ServerOptions = {}): Promise<LocalServer | undefined> {
  const env = options.env ?? process.env;
  const files = serverFiles(options.db, env);
  const [recorded, standard] = await Promise.all([running(files), probeDefault(options, env)]);
  if (recorded !== undefined && (!standard || recorded.address === STANDARD)) return used(recorded);
  return standard ? { address: STANDARD, started: false, stop: () => Promise.resolve() } : undefined;
}

/**
 * {@link findServer}, or else {@link startServer}.
 *
 * @throws MftError as {@link startServer}
 *
 * @example
 * ```ts
 * const server = await ensureServer({ db: '/tmp/t.db', port: 0, uiPort: 0 });
 * console.log(server.address, server.uiUrl);
 * await server.stop();
 * ```
 */
export async function ensureServer(options: ServerOptions = {}): Promise<LocalServer> {
  return (await findServer(options)) ?? startServer(options);
}

/**
 * The server of a database: the recorded one if it runs, else a new one, with a binary found or installed.
 *
 * @throws MftError NO_SERVER_BINARY, SERVER_NOT_STARTED, SERVER_SILENT, PORT_TAKEN
 *
 * @example
 * ```ts
 * const server = await startServer({ db: '/tmp/t.db', headless: true, port: 0 });
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<LocalServer> {
  const env = options.env ?? process.env;
  const notice = options.notice ?? SILENT;
  const files = serverFiles(options.db, env);
  const there = await running(files);
  if (there !== undefined) return used(there);
  const binary = await findBinary(env, notice);
  return withLock(
    files.lock,
    async () => {
      const meanwhile = await settled(files);
      if (meanwhile !== undefined) return used(meanwhile);
      const record = await launch({
        binary,
        files,
        env,
        namespace: options.namespace ?? 'default',
        port: await choosePort(options.port ?? portOf(env, 'MFT_SERVER_PORT'), DEFAULT_PORT, '--port'),
        ...(options.headless
          ? {}
          : {
              uiPort: await choosePort(
                options.uiPort ?? portOf(env, 'MFT_SERVER_UI_PORT'),
                DEFAULT_UI_PORT,
                '--ui-port',
              ),
            }),
      });
      return { ...summary(record), started: true, stop: () => end(files, record) };
    },
    { onWait: (pid) => notice.say(`Process ${pid} is starting the server; waiting for it.`) },
  );
}

/**
 * End the recorded server of a database, whoever started it. The database stays.
 *
 * @returns what was ended; undefined where none ran
 *
 * @example
 * ```ts
 * await stopServer({ db: '/tmp/t.db' });
 * ```
 */
export async function stopServer(options: ServerOptions = {}): Promise<LocalServer | undefined> {
  const files = serverFiles(options.db, options.env);
  return withLock(files.lock, async () => {
    const record = await readRecord(files);
    if (record === undefined) return undefined;
    const health = await healthOf(record);
    await end(files, record);
    return health === 'gone' ? undefined : used(record);
  });
}

/** Milliseconds for which a server's process may be there without answering. */
const SILENCE = 10_000;

const STANDARD = `localhost:${DEFAULT_PORT}`;

async function probeDefault(options: ServerOptions, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (options.db !== undefined || env.MFT_STATE_DIR) return false;
  return (await probe(STANDARD, options.namespace ?? 'default')) !== 'unreachable';
}

/** The recorded server if it answers. One that was killed leaves only its record, which the next start replaces. */
async function running(files: ServerFiles): Promise<ServerRecord | undefined> {
  const record = await readRecord(files);
  return record !== undefined && (await healthOf(record)) === 'running' ? record : undefined;
}

/** As {@link running}, once nobody else can be starting it: a process that still does not answer is in the way. */
async function settled(files: ServerFiles): Promise<ServerRecord | undefined> {
  const record = await readRecord(files);
  if (record === undefined) return undefined;
  const deadline = Date.now() + SILENCE;
  for (;;) {
    const health = await healthOf(record);
    if (health !== 'silent') return health === 'running' ? record : undefined;
    if (Date.now() > deadline) break;
    await sleep(100);
  }
  throw new MftError(
    'SERVER_SILENT',
    `The Temporal server of ${record.db} (process ${record.pid}) does not answer at ${record.address}.`,
    { hint: `End it with: mft server --stop --db ${record.db}`, exitCode: 1 },
  );
}

async function end(files: ServerFiles, record: ServerRecord): Promise<void> {
  if ((await healthOf(record)) !== 'gone') await endProcess(record.pid, 10_000);
  await removeRecord(files);
}

function used(record: ServerRecord): LocalServer {
  return { ...summary(record), started: false, stop: () => Promise.resolve() };
}

function summary({ address, uiUrl, logFile, pid, db }: ServerRecord): Omit<LocalServer, 'started' | 'stop'> {
  return { address, logFile, pid, db, ...(uiUrl === undefined ? {} : { uiUrl }) };
}
