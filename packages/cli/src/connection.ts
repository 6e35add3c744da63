import type { ConnectionFlags } from '@mft/worker';
import type { TemporalFlags } from './options.js';

/**
 * The flags of a connection, as `@mft/worker` names them. Those not given are left out: environment and profile decide.
 *
 * @example
 * ```ts
 * connectionFlags({ temporalNamespace: 'team' }); // { namespace: 'team' }
 * ```
 */
export function connectionFlags(flags: TemporalFlags): ConnectionFlags {
  const {
    address,
    temporalNamespace: namespace,
    profile,
    apiKey,
    tls,
    tlsCertPath,
    tlsKeyPath,
    tlsCaPath,
    tlsServerName,
    dataConverter,
  } = flags;
  const all = {
    ...{ address, namespace, profile, apiKey, tls, tlsCertPath, tlsKeyPath, tlsCaPath, tlsServerName },
    dataConverter,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
