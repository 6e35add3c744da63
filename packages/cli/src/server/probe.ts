import { connect, type IncomingHttpHeaders } from 'node:http2';

/**
 * Asks a Temporal server for a namespace over bare HTTP/2: gRPC without the 0.4 s that importing Temporal's client takes.
 * Plain text only, as the development server speaks it.
 */
export type ProbeResult =
  /** Temporal answers and knows the namespace. */
  | 'ready'
  /** Temporal answers, but has no such namespace (yet). */
  | 'no-namespace'
  /** Nothing, or something that is not Temporal. */
  | 'unreachable';

const METHOD = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';
const OK = '0';
const NOT_FOUND = '5';

/**
 * Probe `address` (host:port).
 *
 * @param timeoutMs - milliseconds after which it counts as unreachable; default 1,000
 *
 * @example
 * ```ts
 * if ((await probe('localhost:7233', 'default')) === 'ready') console.log('a server is there');
 * ```
 */
export function probe(address: string, namespace: string, timeoutMs = 1000): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const finish = (result: ProbeResult): void => {
      clearTimeout(timer);
      session.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => finish('unreachable'), timeoutMs);
    session.on('error', () => finish('unreachable'));
    const request = session.request({
      ':method': 'POST',
      ':path': METHOD,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    // An error without a body carries its status in the headers, everything else in the trailers.
    request.on('response', (headers: IncomingHttpHeaders) => (status = headers['grpc-status']));
    request.on('trailers', (trailers: IncomingHttpHeaders) => (status = trailers['grpc-status']));
    request.on('error', () => finish('unreachable'));
    request.on('close', () => finish(status === OK ? 'ready' : status === NOT_FOUND ? 'no-namespace' : 'unreachable'));
    request.resume();
    request.end(frame(namespace));
  });
}

/** A gRPC frame of `DescribeNamespaceRequest { namespace = 1 }`. Names longer than 127 bytes do not exist in Temporal's defaults. */
function frame(namespace: string): Buffer {
  const name = Buffer.from(namespace.slice(0, 120));
  const message = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}
