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

/**
 * Arguments that make a Python interpreter the launcher of `PROTOCOL.md`: nothing of Metaflow is imported before the first line arrives on
 * descriptor 3. The folder that `-c` puts on the path is dropped, and no name is left behind in `__main__`, where the flow will live.
 *
 * @example
 * ```ts
 * spawn(python, launcherArguments(), { env, stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'] });
 * ```
 */
export function launcherArguments(): string[] {
  return ['-c', LAUNCHER_BOOTSTRAP];
}

const LAUNCHER_BOOTSTRAP = [
  'import sys as _s',
  "_s.path[:] = [p for p in _s.path if p != '']",
  'import metaflow_extensions.temporal.launcher as _l',
  '_l.main()',
].join('; ');
