import { isMftError, MftError } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { readDeployment } from './record.js';

/** Variable in a deployment's environment that holds its production token: the namespace of its runs. */
const TOKEN = 'METAFLOW_PRODUCTION_TOKEN';

/**
 * Let those pass who made a production deployment, or have its token; every other deployment is anybody's. `mft create` has the same
 * settled by Metaflow itself.
 *
 * @param options.authorize - the token, with or without Metaflow's `production:` before it
 * @param options.env - says who asks, as Metaflow reads it. @defaultValue `process.env`
 * @throws MftError `INCORRECT_TOKEN`, `DEPLOYMENT_NOT_FOUND`
 * @example
 * ```ts
 * await checkToken(client, 'sales.prod.TrainFlow', { authorize: 'mfprj-4ivwzq5ixn4n5hxw-0-wxtr' });
 * ```
 */
export async function checkToken(
  client: Client,
  name: string,
  { authorize, env = process.env }: { readonly authorize?: string | undefined; readonly env?: NodeJS.ProcessEnv },
): Promise<void> {
  const found = await readDeployment(client, name, { env }).catch((error: unknown) => {
    // One that nobody can read any more may be cleared away.
    if (isMftError(error) && error.code !== 'DEPLOYMENT_NOT_FOUND') return undefined;
    throw error;
  });
  const token = found?.config.environment[TOKEN];
  if (found === undefined || token === undefined) return;
  if (found.config.user === userOf(env) || authorize?.replace(/^production:/, '') === token) return;
  throw new MftError('INCORRECT_TOKEN', `${name} is in production, and was deployed by ${found.config.user}.`, {
    hint: 'Ask for its production token, and give it: --authorize TOKEN',
    exitCode: 1,
  });
}

/** As Metaflow's `get_username`. */
function userOf(env: NodeJS.ProcessEnv): string | undefined {
  const names = ['METAFLOW_USER', 'SUDO_USER', 'USERNAME', 'USER'].map((name) => env[name]);
  return names.find((name) => name && name !== 'root');
}
