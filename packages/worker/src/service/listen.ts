import { lookup } from 'node:dns/promises';
import { createServer, isIP, type Server } from 'node:net';
import { MftError } from '@mft/graph';

/** An address of this machine to listen at. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/**
 * Read `PORT` or `HOST:PORT`. A port alone means every interface: whoever probes or scrapes is not on this machine.
 *
 * @param flag - name of the option, for the error
 * @throws MftError `BAD_PORT`
 * @example
 * ```ts
 * parseListen('--health-port', '8080'); // { host: '0.0.0.0', port: 8080 }
 * parseListen('--health-port', '[::1]:8080'); // { host: '::1', port: 8080 }
 * ```
 */
export function parseListen(flag: string, text: string): Listen {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]:|([^:\s]+):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits ?? NaN);
  if (port <= 65_535) return { host: bracketed ?? plain ?? '0.0.0.0', port };
  throw new MftError('BAD_PORT', `${flag} names no port: "${text}".`, {
    hint: `Give a number from 0 to 65535, or HOST:PORT, for example: ${flag} 127.0.0.1:9090`,
  });
}

/**
 * An address with its name resolved and its port chosen, free at this moment: for servers in native code, which say little of why they
 * could not listen.
 *
 * @throws MftError `PORT_TAKEN`, `BAD_PORT`
 * @example
 * ```ts
 * await freeAddress('--metrics-port', { host: 'localhost', port: 0 }); // '127.0.0.1:40123'
 * ```
 */
export async function freeAddress(flag: string, { host, port }: Listen): Promise<string> {
  const address = isIP(host) ? host : await lookup(host).then(({ address }) => address, refused(flag, host, port));
  const server = createServer();
  const bound = await listen(server, flag, { host: address, port });
  await new Promise((resolve) => server.close(resolve));
  return isIP(address) === 6 ? `[${address}]:${bound}` : `${address}:${bound}`;
}

/**
 * Make a server listen.
 *
 * @returns the port, chosen by the machine where 0 was asked for
 * @throws MftError `PORT_TAKEN`, `BAD_PORT` where this machine has no such address
 */
export async function listen(server: Server, flag: string, { host, port }: Listen): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', reject);
    server.listen(port, host);
  }).catch(refused(flag, host, port));
  return (server.address() as { port: number }).port;
}

function refused(flag: string, host: string, port: number): (cause: unknown) => never {
  return (cause) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new MftError('PORT_TAKEN', `${flag}: port ${port} of ${host} is taken by another process.`, {
        hint: `Name another one; ${flag} 0 takes any.`,
        exitCode: 1,
        cause,
      });
    }
    throw new MftError('BAD_PORT', `${flag}: ${host}:${port} cannot be listened at: ${message}`, {
      hint: 'Name a port above 1023, and an address of this machine.',
      cause,
    });
  };
}
