import { MftError } from '@mft/graph';
import type { ConnectionFlags } from '@mft/worker';
import type { Context } from '../context.js';
import { connectionFlags } from '../connection.js';
import type { TemporalFlags } from '../options.js';
import { findServer, startServer } from '../server/ensure.js';

/** The server that a run goes to. */
export interface Target {
  readonly flags: ConnectionFlags;
  readonly uiUrl?: string;
}

/** Flags that decide on it. */
export interface TargetFlags extends TemporalFlags {
  /** Database of the local server. */
  readonly db?: string;
}

/**
 * Find the server of a run: what a flag, the environment or a profile names, else a local one that runs.
 * Starts nothing.
 *
 * @returns a function that gives the server, starting a local one where none runs
 * @throws MftError BAD_CONNECTION_CONFIG
 *
 * @example
 * ```ts
 * const getTarget = await locateServer({}, context);
 * const { flags } = await getTarget();
 * ```
 */
export async function locateServer(flags: TargetFlags, { env, notice }: Context): Promise<() => Promise<Target>> {
  const given = connectionFlags(flags);
  const { resolveConnection } = await import('@mft/worker');
  const { configured, namespace } = await resolveConnection(given, env);
  if (configured) return () => Promise.resolve({ flags: given });
  const options = { env, notice, namespace, db: flags.db };
  const found = await findServer(options);
  return async () => {
    const server = found ?? (await startServer(options));
    if (server.started) {
      notice.say(
        `Started a Temporal server at ${server.address}. It stays for later runs; end it with: mft server --stop`,
      );
    }
    const uiUrl = server.uiUrl ?? (server.address === 'localhost:7233' ? 'http://localhost:8233' : undefined);
    return { flags: { ...given, address: server.address }, ...(uiUrl === undefined ? {} : { uiUrl }) };
  };
}

/**
 * Find the server of a command that starts none: what a flag, the environment or a profile names, else a local one that runs.
 *
 * @throws MftError NO_SERVER where none is named and none runs, BAD_CONNECTION_CONFIG
 *
 * @example
 * ```ts
 * const { flags } = await requireServer({ address: '127.0.0.1:7233' }, context);
 * ```
 */
export async function requireServer(flags: TemporalFlags, { env }: Pick<Context, 'env'>): Promise<Target> {
  const given = connectionFlags(flags);
  const { resolveConnection } = await import('@mft/worker');
  const { configured, namespace } = await resolveConnection(given, env);
  if (configured) return { flags: given };
  const found = await findServer({ env, namespace });
  if (found !== undefined) return { flags: { ...given, address: found.address } };
  throw new MftError('NO_SERVER', 'No Temporal server is named, and no local one runs here.', {
    hint: 'Name one with --address or TEMPORAL_ADDRESS, or start a local one with: mft server',
    exitCode: 1,
  });
}

/**
 * Where a run is seen in Temporal's UI.
 *
 * @example
 * ```ts
 * runUrl('http://localhost:8233', 'default', 'Hello-1'); // 'http://localhost:8233/namespaces/default/workflows/Hello-1'
 * ```
 */
export function runUrl(uiUrl: string, namespace: string, workflowId: string): string {
  return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
