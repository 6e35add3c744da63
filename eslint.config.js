import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Packages in which no Node is: pure and sandbox. */
const REALM = ['packages/graph/src/**', 'packages/saga/src/**', 'packages/interpreter/src/**'];

const RELATIVE = {
  regex:
    '^(\\.\\./)+(packages/|(graph|saga|schedule|metaflow-extension|compiler|interpreter|step-runner|worker|cli)/(src|dist|test)/)',
  message: 'Import another package by its name (@mft/…).',
};

/** Every module of Node's, with and without the prefix. */
const NODE_MODULES = {
  regex:
    '^(node:.*|(assert|async_hooks|buffer|child_process|cluster|crypto|dgram|dns|events|fs|http|http2|https|module|net|os|path|perf_hooks|process|readline|stream|string_decoder|timers|tls|tty|url|util|v8|vm|worker_threads|zlib)(/.*)?)$',
  message: 'Pure and sandbox packages use nothing of Node.',
};

const NODE_GLOBALS = [
  'process',
  'Buffer',
  'global',
  'require',
  'module',
  '__dirname',
  '__filename',
  'setImmediate',
  'clearImmediate',
  'fetch',
  'performance',
].map((name) => ({ name, message: 'Pure and sandbox packages use nothing of Node.' }));

const TIMERS = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'].map((name) => ({
  name,
  message: "Use the workflow's own timers: sleep() of @temporalio/workflow.",
}));

/** Neither clock nor chance but Temporal's. */
const CLOCKS = [
  ['Date', 'now'],
  ['Math', 'random'],
  ['crypto', 'randomUUID'],
].map(([object, property]) => ({
  object,
  property,
  message: 'Only workflow code may ask for it, where Temporal answers.',
}));

const NO_DEFAULT = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
];

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/node_modules/**',
    '.nx/**',
    '.venv/**',
    '**/tmp/**',
    '**/.metaflow/**',
    '**/*_worker.mjs',
    '**/*.py',
  ]),
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-imports': ['error', { patterns: [RELATIVE] }],
      'no-restricted-syntax': ['error', ...NO_DEFAULT],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `return done();` from a function that returns nothing reads well.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // A condition on what the types promise is how data from outside (JSON, Python, Temporal) is checked.
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    files: ['packages/*/test/**/*.ts', 'packages/*/*.config.ts', 'e2e/**/*.ts', 'tsup.base.ts'],
    extends: [tseslint.configs.recommended],
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: REALM,
    rules: {
      'no-restricted-imports': ['error', { patterns: [RELATIVE, NODE_MODULES] }],
      'no-restricted-globals': ['error', ...NODE_GLOBALS, ...TIMERS],
    },
  },
  {
    files: ['packages/graph/src/**', 'packages/saga/src/**', 'packages/interpreter/src/engine/**'],
    rules: { 'no-restricted-properties': ['error', ...CLOCKS] },
  },
  {
    files: ['packages/graph/src/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^[^.]', message: '@mft/graph imports nothing.' }, RELATIVE, NODE_MODULES] },
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'performance',
          'URL',
          'Buffer',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'fetch',
          'structuredClone',
          'AbortController',
          'AbortSignal',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
  },
  // What talks to people by its nature.
  { files: ['scripts/**', 'e2e/**/*.mjs', 'packages/*/test/**'], rules: { 'no-console': 'off' } },
  // Tools that insist on a default export.
  { files: ['**/*.config.{js,ts}', 'e2e/**/setup.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
