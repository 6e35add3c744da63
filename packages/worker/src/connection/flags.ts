import { readFileSync } from 'node:fs';
import { MftError } from '@mft/graph';
import type { NativeConnectionOptions } from '@temporalio/worker';

/**
 * What a command line says about the connection, named as the `temporal` command names it. Each is absent where the flag was not
 * given: the environment, then the profile of `temporal.toml`, then the default decide.
 */
export interface ConnectionFlags {
  /** `--address`, host:port. */
  readonly address?: string | undefined;
  /** `--namespace` of Temporal. */
  readonly namespace?: string | undefined;
  /** `--profile` of `temporal.toml`. */
  readonly profile?: string | undefined;
  /** `--api-key`. */
  readonly apiKey?: string | undefined;
  /** `--tls`, `--no-tls`. */
  readonly tls?: boolean | undefined;
  /** `--tls-cert-path`: the client's certificate, PEM. */
  readonly tlsCertPath?: string | undefined;
  /** `--tls-key-path`: its key, PEM. */
  readonly tlsKeyPath?: string | undefined;
  /** `--tls-ca-path`: the authority that signed the server's certificate, PEM. */
  readonly tlsCaPath?: string | undefined;
  /** `--tls-server-name`: name expected in the server's certificate. */
  readonly tlsServerName?: string | undefined;
  /** `--data-converter`: module whose codecs encode and decode all that is sent; else `MFT_DATA_CONVERTER`. */
  readonly dataConverter?: string | undefined;
}

/** Where flags, environment and profile lead. `options` fits Temporal's client and its worker. */
export interface ResolvedConnection {
  readonly options: NativeConnectionOptions;
  readonly address: string;
  readonly namespace: string;
  /** Whether a flag, the environment or a profile named the address; otherwise it is {@link DEFAULT_ADDRESS}. */
  readonly configured: boolean;
}

/** Where a server is looked for that nobody named. */
export const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * Work out address, namespace, TLS and key: flags first, then `TEMPORAL_*`, then the profile of `temporal.toml`.
 *
 * @param flags - what the command line said
 * @param env - environment to read `TEMPORAL_*` from (default: the process's)
 * @throws MftError `BAD_CONNECTION_CONFIG` where the profile or a certificate file cannot be read
 * @example
 * ```ts
 * const { address } = await resolveConnection({ namespace: 'team' });
 * ```
 */
export async function resolveConnection(
  flags: ConnectionFlags = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<ResolvedConnection> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  // Set to nothing is not set, as container platforms leave what was not given.
  const variables = Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => Boolean(e[1])));
  let loaded;
  try {
    loaded = loadClientConnectConfig({
      overrideEnvVars: variables,
      ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    });
  } catch (cause) {
    throw new MftError('BAD_CONNECTION_CONFIG', `Temporal's configuration cannot be read: ${messageOf(cause)}`, {
      hint:
        flags.profile === undefined
          ? 'Check TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE and the TEMPORAL_TLS_* variables.'
          : 'List the profiles you have with "temporal config list".',
      cause,
    });
  }
  const named = flags.address ?? loaded.connectionOptions.address;
  const address = named ?? DEFAULT_ADDRESS;
  const apiKey = flags.apiKey ?? loaded.connectionOptions.apiKey;
  const tls = tlsOf(flags, loaded.connectionOptions.tls ?? undefined);
  const { tls: _tls, apiKey: _apiKey, address: _address, ...rest } = loaded.connectionOptions;
  return {
    options: { ...rest, address, ...(apiKey === undefined ? {} : { apiKey }), ...(tls === undefined ? {} : { tls }) },
    address,
    configured: named !== undefined,
    namespace: flags.namespace ?? loaded.namespace ?? 'default',
  };
}

type Tls = NonNullable<NativeConnectionOptions['tls']>;

function tlsOf(flags: ConnectionFlags, loaded: Tls | undefined): Tls | undefined {
  if (flags.tls === false) return false;
  const given: Exclude<Tls, boolean> = {};
  if (flags.tlsServerName !== undefined) given.serverNameOverride = flags.tlsServerName;
  if (flags.tlsCaPath !== undefined) given.serverRootCACertificate = read(flags.tlsCaPath, '--tls-ca-path');
  if (flags.tlsCertPath !== undefined || flags.tlsKeyPath !== undefined) {
    if (flags.tlsCertPath === undefined || flags.tlsKeyPath === undefined) {
      throw new MftError('BAD_CONNECTION_CONFIG', 'A client certificate and its key are needed together.', {
        hint: 'Give both --tls-cert-path and --tls-key-path.',
      });
    }
    given.clientCertPair = {
      crt: read(flags.tlsCertPath, '--tls-cert-path'),
      key: read(flags.tlsKeyPath, '--tls-key-path'),
    };
  }
  if (Object.keys(given).length === 0) return flags.tls ?? loaded;
  return typeof loaded === 'object' ? { ...loaded, ...given } : given;
}

function read(path: string, flag: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new MftError('BAD_CONNECTION_CONFIG', `${flag} names "${path}", which cannot be read: ${messageOf(cause)}`, {
      hint: 'Name a file that this user may read.',
      cause,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
