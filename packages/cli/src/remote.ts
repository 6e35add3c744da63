import { isMftError, MftError } from '@mft/graph';
import type { Connected } from '@mft/worker';
import type { Context } from './context.js';
import type { TemporalFlags } from './options.js';
import { requireServer } from './run/target.js';

/** What gRPC says of a server that is gone or silent. */
const GONE = [4, 14];

/**
 * Do something with a server that is there. Starts none.
 *
 * @throws MftError NO_SERVER, CONNECTION_FAILED, CONNECTION_LOST, BAD_CONNECTION_CONFIG, and what `work` throws
 *
 * @example
 * ```ts
 * const runs = await withServer(flags, context, ({ client }) => listRuns(client));
 * ```
 */
export async function withServer<T>(
  flags: TemporalFlags,
  context: Context,
  work: (connected: Connected) => Promise<T>,
): Promise<T> {
  const { connect } = await import('@mft/worker');
  const target = await requireServer(flags, context);
  const connected = await connect(target.flags, context.env);
  try {
    return await work(connected);
  } catch (error) {
    throw lost(error, connected.address);
  } finally {
    await connected.connection.close();
  }
}

function lost(thrown: unknown, address: string): unknown {
  for (let e = thrown, depth = 0; e instanceof Error && depth < 10; e = e.cause, depth++) {
    if (isMftError(e)) return e;
    if (GONE.includes((e as { code?: unknown }).code as number)) {
      return new MftError('CONNECTION_LOST', `The Temporal server at ${address} does not answer any more.`, {
        hint: 'Try again once it is back; runs that were started go on then.',
        exitCode: 1,
        cause: thrown,
      });
    }
  }
  return thrown;
}
