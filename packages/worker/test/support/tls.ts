import { readFile } from 'node:fs/promises';
import { connect, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { join } from 'node:path';
import { execa } from 'execa';

/** Files of an authority, a server that it vouches for, and a client that it vouches for; PEM. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/** Name in the server's certificate: none that resolves, so that it must be asked for. */
export const SERVER_NAME = 'temporal.example';

/** Make certificates with `openssl`. */
export async function makeCertificates(folder: string, name: string): Promise<Certificates> {
  const at = (file: string): string => join(folder, `${name}-${file}`);
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
  );
  const signed = async (who: string, subject: string): Promise<void> => {
    const request = ['req', ...key, '-keyout', at(`${who}.key`), '-out', at(`${who}.csr`), '-subj', `/CN=${subject}`];
    await openssl(...request, '-addext', `subjectAltName=DNS:${subject}`);
    const sign = [
      'x509',
      '-req',
      '-in',
      at(`${who}.csr`),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
    ];
    await openssl(...sign, '-copy_extensions', 'copy', '-out', at(`${who}.pem`), '-days', '2');
  };
  await signed('server', SERVER_NAME);
  await signed('client', 'worker');
  return {
    ca: at('ca.pem'),
    serverCert: at('server.pem'),
    serverKey: at('server.key'),
    clientCert: at('client.pem'),
    clientKey: at('client.key'),
  };
}

/** A TLS front of a Temporal server. */
export interface TlsFront {
  readonly address: string;
  close(): Promise<void>;
}

/** Who may pass. */
export interface TlsFrontOptions {
  /** Refuse clients without a certificate of the authority. */
  readonly clientCertificate?: boolean;
  /** Refuse requests without this key as a bearer token. */
  readonly apiKey?: string;
}

/** Put a TLS server in front of a Temporal server: what it lets through is passed on as it is, gRPC's trailers included. */
export async function startTlsFront(
  target: string,
  files: Certificates,
  { clientCertificate = false, apiKey }: TlsFrontOptions,
): Promise<TlsFront> {
  const [ca, cert, key] = await Promise.all(
    [files.ca, files.serverCert, files.serverKey].map((path) => readFile(path)),
  );
  const upstream = connect(`http://${target}`);
  const server: Http2SecureServer = createSecureServer({
    ...{ ca, cert, key, requestCert: clientCertificate, rejectUnauthorized: clientCertificate },
  });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    if (apiKey !== undefined && headers['authorization'] !== `Bearer ${apiKey}`) {
      const refusal = {
        'content-type': 'application/grpc',
        'grpc-status': '16',
        'grpc-message': 'Request unauthorized.',
      };
      return stream.respond({ ':status': 200, ...refusal }, { endStream: true });
    }
    const request = upstream.request(headers);
    request.on('error', () => stream.close());
    stream.on('close', () => request.close());
    let trailers = {};
    request.on('response', (answer) => {
      stream.respond(answer, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      request.pipe(stream);
    });
    request.on('trailers', (found) => (trailers = found));
    stream.pipe(request);
  });
  // A handshake that fails is the other side's to tell.
  server.on('tlsClientError', () => undefined).on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    close: async () => {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
