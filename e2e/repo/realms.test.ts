/*
 * Two of the three guards of the pure and sandbox packages, by trying: types and lint. The third bundles the workflows with Temporal's
 * own bundler, in packages/interpreter.
 */
import path from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { dependencyTable, ROOT } from './packages.js';

const guarded = dependencyTable()
  .filter(({ realm }) => realm === 'pure' || realm === 'sandbox')
  .map(({ name }) => name.replace('@mft/', ''));

/** Lines that Node has and neither a pure package nor the workflow sandbox does. */
const NODE_LINES = [
  'export const probe = process.env;',
  "export const probe = Buffer.from('x');",
  'export const probe = setImmediate;',
  'export const probe = __dirname;',
  "export const probe = require('fs');",
  "import { readFileSync } from 'node:fs';\nexport const probe = readFileSync;",
  "import { join } from 'path';\nexport const probe = join;",
];

it('there are pure and sandbox packages', () => {
  expect(guarded).toEqual(['graph', 'saga', 'interpreter']);
});

describe.each(guarded)('types of @mft/%s', (folder) => {
  const root = path.join(ROOT, 'packages', folder);
  const probe = path.join(root, 'src/probe.ts');
  const parsed = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
    ts.sys,
    root,
  );
  let previous: ts.Program | undefined;

  /** Errors of a file with this content, in the midst of the package. */
  function errorsOf(text: string): string[] {
    const host = ts.createCompilerHost(parsed.options);
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (file) => file === probe || fileExists(file);
    host.readFile = (file) => (file === probe ? text : readFile(file));
    host.getSourceFile = (file, version, ...rest) =>
      file === probe
        ? ts.createSourceFile(file, text, version)
        : (previous?.getSourceFile(file) ?? getSourceFile(file, version, ...rest));
    const program = ts.createProgram([...parsed.fileNames, probe], parsed.options, host);
    previous ??= program;
    const file = program.getSourceFile(probe);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((one) =>
      ts.flattenDiagnosticMessageText(one.messageText, '\n'),
    );
  }

  it('accept plain code', () => {
    expect(errorsOf('export const probe: number = Math.max(1, 2);')).toEqual([]);
  });

  it.each(NODE_LINES)('refuse %j', (line) => {
    expect(errorsOf(line).join('\n')).toMatch(/Cannot find (name|module)/);
  });
});

describe('lint', () => {
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: [
      tseslint.configs.disableTypeChecked,
      { languageOptions: { parserOptions: { projectService: false } } },
    ],
  });

  async function rulesOf(file: string, text: string): Promise<(string | null)[]> {
    const [result] = await eslint.lintText(`${text}\n`, { filePath: path.join(ROOT, file) });
    return result?.messages.map((message) => message.ruleId ?? message.message) ?? ['not linted'];
  }

  it.each(guarded)('accepts plain code in @mft/%s', async (folder) => {
    expect(await rulesOf(`packages/${folder}/src/probe.ts`, 'export const probe = Math.max(1, 2);')).toEqual([]);
  });

  it.each(
    guarded.flatMap((folder) =>
      [...NODE_LINES, 'export const probe = setTimeout;'].map((line) => [folder, line] as const),
    ),
  )('reports in @mft/%s %j', async (folder, line) => {
    const rules = await rulesOf(`packages/${folder}/src/probe.ts`, line);
    expect(rules.some((rule) => rule === 'no-restricted-imports' || rule === 'no-restricted-globals')).toBe(true);
  });

  it.each([
    ['packages/graph/src/probe.ts', "import { x } from 'lodash';\nexport const probe = x;", 'no-restricted-imports'],
    ['packages/graph/src/probe.ts', 'export const probe = Date.now();', 'no-restricted-properties'],
    ['packages/saga/src/probe.ts', 'export const probe = Math.random();', 'no-restricted-properties'],
    ['packages/interpreter/src/engine/probe.ts', 'export const probe = Date.now();', 'no-restricted-properties'],
    [
      'packages/worker/src/probe.ts',
      "import { x } from '../../graph/src/index.js';\nexport const probe = x;",
      'no-restricted-imports',
    ],
    ['packages/worker/src/probe.ts', 'export default 1;', 'no-restricted-syntax'],
    ['packages/worker/src/probe.ts', "export * from './x.js';", 'no-restricted-syntax'],
    ['packages/worker/src/probe.ts', "console.log('stray');", 'no-console'],
  ])('reports in %s %j', async (file, text, rule) => {
    expect(await rulesOf(file, text)).toContain(rule);
  });
});
