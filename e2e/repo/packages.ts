import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Manifest {
  readonly name: string;
  readonly type?: string;
  readonly license?: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

export interface Package {
  /** Name below `packages/`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** All packages, read from the disk. */
export const PACKAGES: readonly Package[] = readdirSync(path.join(ROOT, 'packages'))
  .sort()
  .map((folder) => ({ folder, manifest: JSON.parse(read(`packages/${folder}/package.json`)) as Manifest }));

/** @param file - below the root */
export function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Source files of a package, below the root. */
export function sources(folder: string, below = 'src'): string[] {
  const start = path.join(ROOT, 'packages', folder, below);
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)));
}

export interface Row {
  readonly name: string;
  readonly realm: string;
  /** Names of our packages that it may use, sorted. */
  readonly uses: readonly string[];
}

/** The table of ARCHITECTURE.md, which says what may depend on what. */
export function dependencyTable(): Row[] {
  const text = read('ARCHITECTURE.md').split('<!-- dependency-table')[1] ?? '';
  const rows = [...text.matchAll(/^\| `(@mft\/[\w-]+)` +\| (\w+) +\|.*\| ([^|]+) \|$/gm)];
  const names = rows.map((row) => row[1] ?? '');
  return rows.map(([, name = '', realm = '', uses = '']) => ({ name, realm, uses: expand(uses.trim(), name, names) }));
}

function expand(uses: string, name: string, names: readonly string[]): string[] {
  if (uses === '–') return [];
  if (uses === 'all') return names.filter((one) => one !== name).sort();
  return uses
    .split(/,\s*/)
    .map((one) => `@mft/${one}`)
    .sort();
}
