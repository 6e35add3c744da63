/*
 * The launcher keeps the real `__main__` for the flow: `-c`, not a module of ours, is what Python runs as `__main__`.
 */
const BOOTSTRAP = 'import metaflow_extensions.temporal.launcher as _l; _l.main()';

/**
 * The command that starts a launcher; the extension must be on `PYTHONPATH`.
 *
 * @example
 * ```ts
 * launcherCommand('/venv/bin/python'); // ['/venv/bin/python', '-c', …]
 * ```
 */
export function launcherCommand(python: string): [string, string, string] {
  return [python, '-c', BOOTSTRAP];
}
