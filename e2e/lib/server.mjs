import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startServer as start } from '@mft/cli';

/**
 * A Temporal server of our own: free ports, a database in a temporary folder, gone with it. Nobody else finds it.
 *
 * @returns {Promise<{ address: string, uiUrl?: string, stop: () => Promise<void> }>}
 */
export async function startServer() {
  const directory = mkdtempSync(path.join(tmpdir(), 'mft-e2e-server-'));
  const server = await start({ db: path.join(directory, 'temporal.db'), port: 0, uiPort: 0 });
  const kill = () => {
    if (server.pid !== undefined) process.kill(server.pid, 'SIGKILL');
  };
  process.once('exit', kill);
  return {
    address: server.address,
    ...(server.uiUrl === undefined ? {} : { uiUrl: server.uiUrl }),
    stop: async () => {
      process.removeListener('exit', kill);
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/**
 * The server that somebody named on purpose, else a private one: tests touch no server that they did not start or were not told of.
 *
 * @param {string | undefined} given host:port
 * @returns {Promise<{ address: string, uiUrl?: string, stop: () => Promise<void> }>}
 */
export async function serverForTests(given) {
  return given ? { address: given, stop: async () => {} } : startServer();
}
