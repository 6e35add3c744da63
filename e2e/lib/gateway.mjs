import { Agent, createServer, request } from 'node:http';

/**
 * @typedef {object} Gateway
 * @property {string} url
 * @property {{ method: string, path: string, status: number }[]} requests - what came by, in the order of the answers
 * @property {() => void} interrupt - nobody listens any more, and what was under way is cut off
 * @property {() => Promise<void>} resume - under the same address
 * @property {() => Promise<void>} stop
 */

/**
 * What stands before a service in a company: passes requests on to it, counts them, and asks for an API key. Netflix's metadata service
 * knows no keys itself; there too a gateway checks the header `x-api-key`, which `METAFLOW_SERVICE_AUTH_KEY` fills.
 *
 * @param {string} target - the service's own URL
 * @param {{ key?: string }} [options] - `key`: who does not send it as `x-api-key` is refused with 403
 * @returns {Promise<Gateway>}
 */
export async function startGateway(target, { key } = {}) {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  /** @type {Gateway['requests']} */
  const requests = [];
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const answered = (/** @type {number} */ status) => requests.push({ method, path, status });
    if (key !== undefined && headers['x-api-key'] !== key) {
      incoming.resume();
      answered(403);
      outgoing.writeHead(403, { 'content-type': 'application/json' }).end('{"message":"Forbidden"}');
      return;
    }
    const passed = request({ hostname, port, method, path, headers, agent }, (answer) => {
      answered(answer.statusCode ?? 0);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => {
      answered(502);
      outgoing.writeHead(502).end();
    });
    incoming.pipe(passed);
  });
  const listen = (/** @type {number} */ on) =>
    new Promise((resolve) => server.listen(on, '127.0.0.1', () => resolve(undefined)));
  const interrupt = () => {
    server.close();
    server.closeAllConnections();
  };
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    interrupt,
    resume: async () => void (await listen(address.port)),
    stop: async () => {
      interrupt();
      agent.destroy();
    },
  };
}
