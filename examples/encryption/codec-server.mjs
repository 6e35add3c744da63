/*
 * Lets Temporal's web UI and its command line read what encryption.mjs wrote:
 *
 *   MFT_ENCRYPTION_KEY=… node codec-server.mjs 8888 http://localhost:8233
 *   temporal workflow show -w my-run --codec-endpoint http://localhost:8888
 *
 * In the UI, the glasses at the top right take the same address. Whoever reaches this server can read everything: listen where only
 * they can, or ask for a token.
 */
import { createServer } from 'node:http';
import { payloadCodecs } from './encryption.mjs';

const [port = '8888', ui = 'http://localhost:8233'] = process.argv.slice(2);
const [codec] = payloadCodecs;

/** In JSON, bytes are written in base64. */
const fromJson = ({ metadata = {}, data = '' }) => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')])),
  data: Buffer.from(data, 'base64'),
});
const toJson = ({ metadata, data }) => ({
  metadata: Object.fromEntries(
    Object.entries(metadata).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
  ),
  data: Buffer.from(data).toString('base64'),
});

const server = createServer(async (request, response) => {
  response.setHeader('access-control-allow-origin', ui);
  response.setHeader('access-control-allow-headers', 'content-type,x-namespace,authorization');
  const method = /\/(encode|decode)$/.exec(new URL(request.url, 'http://here').pathname)?.[1];
  if (request.method === 'OPTIONS') return response.writeHead(204).end();
  if (request.method !== 'POST' || method === undefined) return response.writeHead(404).end();
  try {
    const { payloads } = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const done = await codec[method](payloads.map(fromJson));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ payloads: done.map(toJson) }));
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
