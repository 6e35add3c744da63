import { fileURLToPath } from 'node:url';

/**
 * Program and words that start this very `mft`, for processes that run elsewhere and with another `PATH`.
 *
 * @example
 * ```ts
 * ownProgram(); // ['/usr/bin/node', '/usr/lib/node_modules/@mft/cli/bin/mft.js']
 * ```
 */
export function ownProgram(): string[] {
  // One folder below the package's own, from `dist` and from `src` alike.
  return [process.execPath, fileURLToPath(new URL('../bin/mft.js', import.meta.url))];
}
