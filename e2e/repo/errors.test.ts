import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { PACKAGES, read, sources } from './packages.js';

/** One `new MftError(…)` in the sources. */
interface Thrown {
  readonly where: string;
  readonly folder: string;
  /** Codes that its first argument can be: literals that are written there. */
  readonly codes: readonly string[];
  readonly hinted: boolean;
}

const CODE = /^[A-Z]+(_[A-Z]+)*$/;

/** Whatever constructs an MftError, found in the syntax, not in the text. */
function thrownIn(folder: string, file: string): Thrown[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: Thrown[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'MftError') {
      const [code, , options] = node.arguments ?? [];
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const where = `${file}:${line + 1}`;
      found.push({ where, folder, codes: code ? literals(code) : [], hinted: hasHint(options) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function literals(node: ts.Node): string[] {
  if (ts.isStringLiteral(node)) return CODE.test(node.text) ? [node.text] : [];
  const found: string[] = [];
  ts.forEachChild(node, (child) => void found.push(...literals(child)));
  return found;
}

function hasHint(options: ts.Node | undefined): boolean {
  if (options === undefined || !ts.isObjectLiteralExpression(options)) return false;
  return options.properties.some((one) => one.name?.getText() === 'hint');
}

const thrown = PACKAGES.flatMap(({ folder }) => sources(folder).flatMap((file) => thrownIn(folder, file)));
const listedIn = (folder: string) => new Set(read(`packages/${folder}/README.md`).match(/`[A-Z]+(_[A-Z]+)*`/g));

describe('an error that a user can mend', () => {
  it('has a hint, wherever it is made', () => {
    expect(thrown.length).toBeGreaterThan(50);
    expect(thrown.filter(({ hinted }) => !hinted).map(({ where }) => where)).toEqual([]);
  });

  it("has a code that its package's README explains", () => {
    const missing = thrown.flatMap(({ codes, folder, where }) =>
      codes.filter((code) => !listedIn(folder).has(`\`${code}\``)).map((code) => `${code} (${where})`),
    );
    expect(missing).toEqual([]);
  });

  it('has a code that the README of the command line lists', () => {
    const listed = listedIn('cli');
    const missing = thrown.flatMap(({ codes }) => codes).filter((code) => !listed.has(`\`${code}\``));
    expect([...new Set(missing)].sort()).toEqual([]);
  });
});
