import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * Text files below a folder, by path with forward slashes, sorted. What Python leaves behind when it runs is left out.
 *
 * @example
 * ```ts
 * await readTree(extensionPath()); // { 'metaflow_extensions/temporal/__init__.py': '…', … }
 * ```
 */
export async function readTree(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(py|json|md|txt)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part === '__pycache__' || part.startsWith('.')))
    .sort();
  const files = await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const));
  return Object.fromEntries(files);
}
