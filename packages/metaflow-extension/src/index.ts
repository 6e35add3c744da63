import { fileURLToPath } from 'node:url';

/** Version of the protocol that `PROTOCOL.md` describes; both sides refuse another. */
export const PROTOCOL_VERSION = 1;

/**
 * Folder that holds `metaflow_extensions/temporal`, to be put first on `PYTHONPATH`. Nothing but `metaflow` need be installed.
 *
 * @example
 * ```ts
 * const env = { ...process.env, PYTHONPATH: [extensionPath(), process.env.PYTHONPATH].filter(Boolean).join(delimiter) };
 * ```
 */
export function extensionPath(): string {
  return fileURLToPath(new URL('../python', import.meta.url));
}
