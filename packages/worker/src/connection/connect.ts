import { connect as connectSocket } from 'node:net';
import { MftError } from '@mft/graph';
import type { Client, Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { resolveConnection, type ConnectionFlags } from './flags.js';
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
}

/** Milliseconds after which a server that does not answer counts as unreachable. */
const CONNECT_TIMEOUT = 5_000;

/**
 * Connect a client. Loads `@temporalio/client` only, not the worker.
 *
 * @throws MftError `CONNECTION_FAILED` (exit status 1) where nothing answers within 5 seconds, `BAD_CONNECTION_CONFIG`
 * @example
 * ```ts
 * const { client, connection } = await connect({ address: '127.0.0.1:7233' });
 * try { await client.workflow.count(); } finally { await connection.close(); }
 * ```
 */
export async function connect(flags: ConnectionFlags = {}, env: NodeJS.ProcessEnv = process.env): Promise<Connected> {
  const [{ Client, Connection }, resolved] = await Promise.all([
    import('@temporalio/client'),
    resolveConnection(flags, env),
  ]);
  const { address, namespace, options } = resolved;
  try {
    await refuseClosedPort(address);
    const { address: _, tls, metadata, apiKey } = options;
    const connection = await Connection.connect({
      address,
      connectTimeout: CONNECT_TIMEOUT,
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    return { connection, client: new Client({ connection, namespace }), address, namespace };
  } catch (cause) {
    throw connectionFailed(address, cause);
  }
}

/**
 * Connect a worker. Loads `@temporalio/worker` (half a second) and installs its runtime, unless somebody did.
 *
 * @throws MftError `CONNECTION_FAILED` (exit status 1), `BAD_CONNECTION_CONFIG`
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
  const [{ NativeConnection }, { address, namespace, options }] = await Promise.all([
    import('@temporalio/worker'),
    resolveConnection(flags, env),
  ]);
  await installRuntime(logger);
  try {
    const connection = await withTimeout(NativeConnection.connect(options), CONNECT_TIMEOUT);
    return { connection, address, namespace };
  } catch (cause) {
    throw connectionFailed(address, cause);
  }
}

function connectionFailed(address: string, cause: unknown): MftError {
  return new MftError('CONNECTION_FAILED', `No Temporal server answers at ${address}.`, {
    hint: 'Start one with "mft server", or name another with --address or TEMPORAL_ADDRESS.',
    exitCode: 1,
    cause,
  });
}

/** gRPC keeps trying a local port that nobody listens on until its time is up; one look tells at once. */
async function refuseClosedPort(address: string): Promise<void> {
  const [, host, port] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d+)$/.exec(address) ?? [];
  if (host === undefined || port === undefined) return;
  const socket = connectSocket({ host: host.replace(/[[\]]/g, ''), port: Number(port), timeout: CONNECT_TIMEOUT });
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
