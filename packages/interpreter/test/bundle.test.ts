import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { WORKFLOWS } from './support/world.js';

/*
 * The third guard of the sandbox: what is really in the bundle, of this package and of those that it imports (graph, saga).
 */

/** Packages that may be in it; anything else has slipped in. `assert`, `url` and `util` are Temporal's own stand-ins. */
const ALLOWED = [
  /^@temporalio\/(workflow|common|proto)$/,
  /^@mft\/(graph|saga|interpreter)$/,
  /^(long|ms|nexus-rpc|headers-polyfill|protobufjs)$/,
];

test('the bundle holds no Node built-in and nothing but what it should', async () => {
  const modules = new Set<string>();
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      plugins: [
        ...(config.plugins ?? []),
        {
          apply: (compiler) => {
            compiler.hooks.compilation.tap('list', (compilation) => {
              compilation.hooks.finishModules.tap('list', (all) => {
                for (const module of all) modules.add(module.identifier());
              });
            });
          },
        },
      ],
    }),
  });
  const files = [...modules].map((id) => id.split('!').at(-1)!.split('|')[0]!);
  const builtins = files.filter(
    (file) =>
      /^(external )?(node:)?[a-z_/]+$/.test(file) && builtinModules.includes(file.replace(/^external |node:/g, '')),
  );
  expect(builtins).toEqual([]);

  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const packages = new Set<string>();
  for (const file of files.filter((path) => path.startsWith('/'))) {
    const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file);
    const own = new RegExp(`^${root}packages/([^/]+)/`).exec(file);
    if (installed) packages.add(installed[1]!);
    else if (own) packages.add(`@mft/${own[1]!}`);
  }
  for (const name of ['@mft/graph', '@mft/saga', '@mft/interpreter', '@temporalio/workflow'])
    expect([...packages]).toContain(name);
  expect([...packages].filter((name) => !ALLOWED.some((allowed) => allowed.test(name)))).toEqual([]);

  const withoutMap = code.slice(0, code.lastIndexOf('//# sourceMappingURL='));
  process.stdout.write(
    `bundle: ${Math.round(withoutMap.length / 1024)} KB, ${Math.round(code.length / 1024)} KB with its source map; ${[...packages].join(', ')}\n`,
  );
  expect(withoutMap.length).toBeLessThan(700_000);
  expect(withoutMap).not.toMatch(/\brequire\(["']node:/);
});
