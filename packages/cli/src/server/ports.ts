import getPort from 'get-port';
import { integer } from '../numbers.js';
import { MftError } from '@mft/graph';

/** Where Temporal's tools look by default, and where its UI is. */
export const DEFAULT_PORT = 7233;
export const DEFAULT_UI_PORT = 8233;

/** Tried in this order, so that a second server of a machine is found at the same place tomorrow. */
const STEPS = [0, 10, 20, 30, 40];

/**
 * Choose a free TCP port: exactly `wanted`, any if it is 0, else the first free one of `preferred`, `preferred + 10` …
 *
 * @throws MftError PORT_TAKEN where a wanted port is in use
 *
 * @example
 * ```ts
 * await choosePort(undefined, 7233, '--port'); // 7233, or 7243 where another server has it
 * ```
 */
export async function choosePort(wanted: number | undefined, preferred: number, flag: string): Promise<number> {
  if (wanted === 0) return getPort();
  if (wanted === undefined) return getPort({ port: STEPS.map((step) => preferred + step) });
  const port = await getPort({ port: wanted });
  if (port === wanted) return port;
  throw new MftError('PORT_TAKEN', `Port ${wanted} is in use.`, {
    hint: `Leave ${flag} out and a free one is chosen.`,
    exitCode: 1,
  });
}

/**
 * A port that the environment asks for.
 *
 * @throws MftError INVALID_OPTION where the variable holds no port
 *
 * @example
 * ```ts
 * portOf({ MFT_SERVER_PORT: '0' }, 'MFT_SERVER_PORT'); // 0
 * ```
 */
export function portOf(env: Readonly<Record<string, string | undefined>>, variable: string): number | undefined {
  return integer(variable, env[variable] || undefined, 0, 65_535);
}
