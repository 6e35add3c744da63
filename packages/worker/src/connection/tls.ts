import { isIP, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { MftError } from '@mft/graph';
import type { NativeConnectionOptions } from '@temporalio/worker';

/*
 * What is wrong with a TLS connection, in words: gRPC's clients try until their time is up, and then say nothing of why.
 */

/** Milliseconds that a server gets to refuse a client's certificate: under TLS 1.3 it does so after the handshake. */
const SECOND_THOUGHTS = 300;

/**
 * Make one TLS connection as Temporal's clients would, and say what goes wrong. Where the server cannot be reached at all nothing is
 * said: that is told elsewhere.
 *
 * @param tls - as in Temporal's connection options
 * @param signal - ends the attempt, of which nothing is said then
 * @throws MftError `TLS_FAILED`
 * @example
 * ```ts
 * await checkTls('temporal.example:7233', { serverRootCACertificate: await readFile('ca.pem') });
 * ```
 */
export async function checkTls(
  address: string,
  tls: NonNullable<NativeConnectionOptions['tls']>,
  signal?: AbortSignal,
): Promise<void> {
  const { serverNameOverride, serverRootCACertificate, clientCertPair } = typeof tls === 'object' ? tls : {};
  const options: ConnectionOptions = {
    ...(serverNameOverride === undefined ? {} : { servername: serverNameOverride }),
    ...(serverRootCACertificate === undefined ? {} : { ca: Buffer.from(serverRootCACertificate) }),
    ...(clientCertPair === undefined
      ? {}
      : { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  };
  const error = await handshake(address, options, signal);
  if (error === undefined || NOT_TLS.has(error.code ?? '')) return;
  throw new MftError('TLS_FAILED', `The TLS connection to ${address} failed: ${sentenceOf(error.message)}`, {
    hint: hintOf(error),
    exitCode: 1,
    cause: error,
  });
}

/**
 * Whether a server that does not answer otherwise speaks TLS.
 *
 * @example
 * ```ts
 * if (await speaksTls('temporal.example:7233')) console.error('Try --tls.');
 * ```
 */
export async function speaksTls(address: string): Promise<boolean> {
  const error = await handshake(address, { rejectUnauthorized: false });
  // It may refuse us for lack of a certificate: that is TLS all the same.
  return error === undefined || /alert/.test(error.message);
}

/** Errors of the way there. */
const NOT_TLS = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Some servers refuse a client's certificate, or the lack of one, without a word. */
const REFUSED: NodeJS.ErrnoException = Object.assign(new Error('the server closed it after the handshake'), {
  code: 'ECONNRESET',
});

async function handshake(
  address: string,
  options: ConnectionOptions,
  signal?: AbortSignal,
): Promise<NodeJS.ErrnoException | undefined> {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  const name = options.servername ?? (isIP(host) ? undefined : host);
  let socket: Socket | undefined;
  try {
    return await new Promise((resolve) => {
      socket = connectTls(
        {
          ...options,
          host,
          port: Number(port),
          ALPNProtocols: ['h2'],
          ...(name === undefined ? {} : { servername: name }),
        },
        () => {
          socket?.once('close', () => resolve(REFUSED));
          void sleep(SECOND_THOUGHTS, undefined, { ref: false }).then(() => resolve(undefined));
        },
      );
      socket.on('error', resolve);
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
      socket.setTimeout(4_000, () => resolve(undefined));
    });
  } finally {
    socket?.destroy();
  }
}

function sentenceOf(message: string): string {
  // OpenSSL names its source files and lines.
  const reason = /:([^:]+):[^:]*\.c:\d+:/.exec(message)?.[1] ?? /SSL alert number \d+/.exec(message)?.[0] ?? message;
  return /[.!]$/.test(reason.trim()) ? reason.trim() : `${reason.trim()}.`;
}

function hintOf({ code = '', message }: NodeJS.ErrnoException): string {
  if (/wrong version number|packet length too long/.test(message)) return 'The server may not speak TLS: --no-tls.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'Give the name in its certificate with --tls-server-name.';
  if (/alert|ECONNRESET/.test(`${message} ${code}`))
    return 'It wants a certificate of this client: --tls-cert-path and --tls-key-path.';
  return "Name the authority that signed the server's certificate with --tls-ca-path, or TEMPORAL_TLS_SERVER_CA_CERT_PATH.";
}
