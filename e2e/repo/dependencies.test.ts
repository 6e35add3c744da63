import { existsSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { dependencyTable, PACKAGES, read, ROOT, sources } from './packages.js';

const table = new Map(dependencyTable().map((row) => [row.name, row]));

/** Whatever a file imports from, statically, for its types, or on demand. */
function imports(file: string): string[] {
  return ts.preProcessFile(read(file), true, true).importedFiles.map((one) => one.fileName);
}

/** Package of a module specifier. */
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

describe('the table in ARCHITECTURE.md', () => {
  it('has each package, and no other', () => {
    expect([...table.keys()].sort()).toEqual(PACKAGES.map(({ manifest }) => manifest.name).sort());
  });

  it('points one way only', () => {
    const done: string[] = [];
    const visit = (name: string, above: readonly string[]): void => {
      expect(above, `${[...above, name].join(' → ')} is a cycle`).not.toContain(name);
      for (const used of table.get(name)?.uses ?? []) visit(used, [...above, name]);
      done.push(name);
    };
    for (const name of table.keys()) visit(name, []);
    expect(new Set(done).size).toBe(PACKAGES.length);
  });

  it.each(PACKAGES)('is what @mft/$folder declares', ({ manifest }) => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(declared.filter((name) => name.startsWith('@mft/')).sort()).toEqual(table.get(manifest.name)?.uses);
  });

  it.each(PACKAGES)('is kept by what @mft/$folder imports', ({ folder, manifest }) => {
    const used = sources(folder).flatMap(imports).map(packageOf);
    const allowed = table.get(manifest.name)?.uses ?? [];
    expect([...new Set(used)].filter((name) => name.startsWith('@mft/') && !allowed.includes(name))).toEqual([]);
  });
});

describe('every package', () => {
  it.each(PACKAGES)('@mft/$folder imports nothing of another by a path', ({ folder }) => {
    const root = path.join(ROOT, 'packages', folder);
    const astray = [...sources(folder), ...sources(folder, 'test')].flatMap((file) =>
      imports(file)
        .filter((one) => one.startsWith('.'))
        .map((one) => path.resolve(ROOT, path.dirname(file), one))
        .filter((one) => !one.startsWith(root + path.sep)),
    );
    expect(astray).toEqual([]);
  });

  it.each(PACKAGES)('@mft/$folder declares what its sources import', ({ folder, manifest }) => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const used = sources(folder)
      .flatMap(imports)
      .filter((one) => !/^(\.|node:)/.test(one));
    expect([...new Set(used.map(packageOf))].filter((name) => !declared.includes(name))).toEqual([]);
  });

  it.each(PACKAGES)('@mft/$folder is ESM, licensed, described, built, tested, checked', ({ folder, manifest }) => {
    expect(manifest).toMatchObject({ type: 'module', license: 'Apache-2.0' });
    expect(Object.keys(manifest.scripts ?? {})).toEqual(
      expect.arrayContaining(['build', 'typecheck', 'test', 'check:package']),
    );
    expect(existsSync(path.join(ROOT, 'packages', folder, 'README.md'))).toBe(true);
    expect(read(`packages/${folder}/README.md`)).toMatch(/^# @mft\//);
    expect(read(`packages/${folder}/README.md`)).toContain('```');
  });
});
