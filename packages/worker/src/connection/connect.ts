import { connect as connectSocket } from 'node:net';
import { isMftError, MftError } from '@mft/graph';
import type { Client, Connection } from '@temporalio/client';
import type { LoadedDataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { loadDataConverter, plainDataConverter } from './data-converter.js';
import { causesOf } from '../run/failure.js';
import { compressionFor, loopbackOf } from './loopback.js';
import { resolveConnection, type ConnectionFlags, type ResolvedConnection } from './flags.js';
import { checkTls, speaksTls } from './tls.js';
import { installRuntime } from '../worker/temporal-runtime.js';
import type { Logger } from '../worker/logger.js';

/** A client's connection. Close `connection` when done, else the process does not end. */
export interface Connected {
  readonly connection: Connection;
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
}

/** A worker's connection, made in native code: one for any number of Temporal Workers. */
export interface WorkerConnected {
  readonly connection: NativeConnection;
  readonly address: string;
  readonly namespace: string;
  /** For the workers on this connection, where one was asked for. */
  readonly dataConverter?: LoadedDataConverter;
}

/** Milliseconds after which a server that does not answer counts as unreachable. */
const CONNECT_TIMEOUT = 5_000;

/**
 * Connect a client. Loads `@temporalio/client` only, not the worker.
 *
 * @throws MftError `CONNECTION_FAILED` (exit status 1) where nothing answers within 5 seconds, `TLS_FAILED`, `CONNECTION_REFUSED`,
 * `BAD_CONNECTION_CONFIG`, `DATA_CONVERTER_…`
 * @example
 * ```ts
 * const { client, connection } = await connect({ address: '127.0.0.1:7233' });
 * try { await client.workflow.count(); } finally { await connection.close(); }
 * ```
 */
export async function connect(flags: ConnectionFlags = {}, env: NodeJS.ProcessEnv = process.env): Promise<Connected> {
  const [{ Client, Connection }, resolved, dataConverter] = await Promise.all([
    import('@temporalio/client'),
    resolveConnection(flags, env),
    converterOf(flags, env),
  ]);
  const { address, namespace, options } = resolved;
  try {
    await refuseClosedPort(address);
    const { address: _, tls, metadata, apiKey } = options;
    const connecting = Connection.connect({
      address,
      connectTimeout: CONNECT_TIMEOUT,
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    const connection = await unlessTlsFails(resolved, connecting);
    const client = new Client({ connection, namespace, dataConverter: dataConverter ?? (await plainDataConverter()) });
    return { connection, client, address, namespace };
  } catch (cause) {
    throw await connectionFailed(resolved, cause);
  }
}

/**
 * Connect a worker. Loads `@temporalio/worker` (half a second) and installs its runtime, unless somebody did.
 *
 * @throws MftError as {@link connect}
 * @example
 * ```ts
 * const { connection, namespace } = await connectWorker({});
 * await runWorker({ connection, namespace, config, hash });
 * ```
 */
export async function connectWorker(
  flags: ConnectionFlags = {},
  logger?: Logger,
  env: NodeJS.ProcessEnv = process.env,
): Promise<WorkerConnected> {
  const [{ NativeConnection }, resolved, dataConverter] = await Promise.all([
    import('@temporalio/worker'),
    resolveConnection(flags, env),
    converterOf(flags, env),
  ]);
  const { address, namespace, options } = resolved;
  await installRuntime(logger);
  try {
    const connecting = withTimeout(
      NativeConnection.connect({ ...compressionFor(address), ...options }),
      CONNECT_TIMEOUT,
    );
    const connection = await unlessTlsFails(resolved, connecting);
    return { connection, address, namespace, ...(dataConverter === undefined ? {} : { dataConverter }) };
  } catch (cause) {
    throw await connectionFailed(resolved, cause);
  }
}

async function converterOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Promise<LoadedDataConverter | undefined> {
  const module = flags.dataConverter ?? env['MFT_DATA_CONVERTER'];
  return module ? await loadDataConverter(module) : undefined;
}

/** The first of the connection and the reason why there will be none: gRPC itself tells it late, or not at all. */
async function unlessTlsFails<C extends { close(): Promise<void> }>(
  { address, options: { tls, apiKey } }: ResolvedConnection,
  connecting: Promise<C>,
): Promise<C> {
  // As the clients have it: a key is not sent in the clear, unless asked for.
  const secured = tls ?? apiKey !== undefined;
  if (secured === false) return connecting;
  const enough = new AbortController();
  const failing = checkTls(address, secured, enough.signal).then(() => new Promise<never>(() => undefined));
  try {
    return await Promise.race([connecting, failing]);
  } catch (error) {
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
    // Whichever was first, the reason is the better answer.
    await checkTls(address, secured);
    throw error;
  } finally {
    enough.abort();
  }
}

/** gRPC's statuses of who is not let in, and what the native connection says in their place. */
const REFUSED = new Set<unknown>([7, 16]);
const REFUSED_TEXT = /valid authentication credentials|does not have permission/;

async function connectionFailed({ address, options }: ResolvedConnection, cause: unknown): Promise<MftError> {
  if (isMftError(cause)) return cause;
  const causes = causesOf(cause);
  if (causes.some((c) => REFUSED.has((c as { code?: unknown }).code) || REFUSED_TEXT.test(c.message ?? ''))) {
    const key = options.apiKey === undefined ? 'without an API key' : 'with this API key';
    return new MftError('CONNECTION_REFUSED', `The Temporal server at ${address} lets nobody in ${key}.`, {
      hint: 'Give one with TEMPORAL_API_KEY, a profile of temporal.toml, or --api-key.',
      exitCode: 1,
      cause,
    });
  }
  const secret = !options.tls && options.apiKey === undefined && (await speaksTls(address));
  return new MftError('CONNECTION_FAILED', `No Temporal server answers at ${address}.`, {
    hint: secret
      ? 'What listens there speaks TLS: --tls, or TEMPORAL_TLS=true, with certificates where it wants them.'
      : 'Start one with "mft server", or name another with --address or TEMPORAL_ADDRESS.',
    exitCode: 1,
    cause,
  });
}

/** gRPC keeps trying a local port that nobody listens on until its time is up; one look tells at once. */
async function refuseClosedPort(address: string): Promise<void> {
  const { host, port } = loopbackOf(address) ?? {};
  if (host === undefined || port === undefined) return;
  const socket = connectSocket({ host, port, timeout: CONNECT_TIMEOUT });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('timeout', resolve).once('error', reject);
    });
  } finally {
    socket.destroy();
  }
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
