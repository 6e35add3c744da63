import { setTimeout as sleep } from 'node:timers/promises';
import { MftError } from '@mft/graph';
import type { Context, Result } from '../context.js';
import { integer } from '../numbers.js';
import { ensureServer, findServer, startServer, stopServer, type LocalServer } from '../server/ensure.js';
import { isAlive } from '../server/process.js';
import { onInterrupt } from '../interrupts.js';

/** Flags of `mft server`. */
export interface ServerFlags {
  readonly db?: string;
  readonly port?: string;
  readonly uiPort?: string;
  readonly headless?: true;
  readonly temporalNamespace?: string;
  readonly background?: true;
  readonly status?: true;
  readonly stop?: true;
}

/**
 * `mft server`: a local server until Ctrl-C, or one left in the background; where one runs already, only says so.
 *
 * @throws MftError as `startServer`
 */
export async function server(
  _words: readonly string[],
  flags: ServerFlags,
  context: Context,
): Promise<Result | undefined> {
  const { env, notice } = context;
  if (flags.stop && flags.status) {
    throw new MftError('CONFLICTING_OPTIONS', '--stop and --status exclude each other.', { hint: 'Give one of them.' });
  }
  const options = {
    env,
    notice,
    db: flags.db,
    port: integer('--port', flags.port, 0, 65_535),
    uiPort: integer('--ui-port', flags.uiPort, 0, 65_535),
    headless: flags.headless,
    namespace: flags.temporalNamespace,
  };
  if (flags.stop) return stopped(await stopServer(options));
  if (flags.status) return found(await findServer(options));
  // A port or a database of one's own asks for that server, not for any that answers.
  const own = flags.db !== undefined || flags.port !== undefined;
  const running = own ? await startServer(options) : await ensureServer(options);
  if (!running.started) return told(running, 'A Temporal server runs already.');
  if (flags.background)
    return told(running, 'The Temporal server runs in the background. End it with: mft server --stop');
  context.show(told(running, 'The Temporal server runs. Ctrl-C ends it; its database stays.'));
  return attend(running);
}

/** Stay until the server ends or somebody ends this process. */
async function attend(running: LocalServer): Promise<Result | undefined> {
  const interrupted = new AbortController();
  const release = onInterrupt(() => interrupted.abort());
  try {
    while (!interrupted.signal.aborted && running.pid !== undefined && (await isAlive(running.pid))) await sleep(100);
  } finally {
    release();
  }
  await running.stop();
  if (interrupted.signal.aborted) return undefined;
  throw new MftError('SERVER_ENDED', `The Temporal server (process ${running.pid}) ended.`, {
    hint: `Its log is ${running.logFile}.`,
    exitCode: 1,
  });
}

function stopped(server: LocalServer | undefined): Result {
  if (server === undefined) return { text: 'No server of mft runs here.', json: { stopped: false } };
  return { text: `The Temporal server at ${server.address} has ended.`, json: { stopped: true, ...jsonOf(server) } };
}

function found(server: LocalServer | undefined): Result {
  if (server !== undefined) return told(server, 'A Temporal server runs.');
  return { text: 'No Temporal server runs here. Start one with: mft server', json: { running: false }, exitCode: 1 };
}

function told(server: LocalServer, sentence: string): Result {
  const rows = [
    ['Address', server.address],
    ['Web UI', server.uiUrl],
    ['Database', server.db],
    ['Log', server.logFile],
    ['Process', server.pid],
  ].filter(([, value]) => value !== undefined);
  const text = [sentence, ...rows.map(([name, value]) => `  ${String(name).padEnd(9)} ${value}`)].join('\n');
  return { text, json: { running: true, ...jsonOf(server) } };
}

function jsonOf({ address, uiUrl, logFile, db, pid, started }: LocalServer): Record<string, unknown> {
  return { address, uiUrl, logFile, db, pid, started };
}
