import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startServer } from '../../lib/server.mjs';
import { connect } from '../../lib/temporal.mjs';

/**
 * @typedef {{ directory: string, server: { address: string }, client: import('@temporalio/client').Client }} Context
 * @typedef {{ file: string, name: string }} BenchFlow
 */

const FLOWS = path.join(import.meta.dirname, '../flows');

/**
 * @param {string} file - below `flows`
 * @param {string} name - of the flow
 * @returns {BenchFlow}
 */
export const flow = (file, name) => ({ file: path.join(FLOWS, file), name });

/**
 * A server of its own and a folder, for the time of some work.
 *
 * @template T
 * @param {(context: Context) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withContext(work) {
  const directory = mkdtempSync(path.join(tmpdir(), 'mft-bench-'));
  const server = await startServer();
  const { client, close } = await connect(server.address);
  try {
    return await work({ directory, server, client });
  } finally {
    await close();
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
