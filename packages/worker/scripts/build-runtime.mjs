/*
 * Builds what tsup cannot, into dist: the workflow bundle, the runtime of generated worker files, and the versions of both.
 * Runs after tsup, which empties dist.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const require = createRequire(import.meta.url);
const silent = new DefaultLogger('WARN');

const sdkOutside = {
  name: 'sdk-outside',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@temporalio\// }, ({ path }) =>
      path === '@temporalio/envconfig' ? undefined : { path, namespace: 'sdk' },
    );
    onLoad({ filter: /.*/, namespace: 'sdk' }, ({ path }) => ({
      contents: `module.exports = globalThis.__mftRequire(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

await Promise.all([workflowBundle(), workerRuntime(), versions()]);

/** Temporal's own bundler, once here instead of at every start. The source map must be there and may be empty. */
async function workflowBundle() {
  const workflowsPath = fileURLToPath(import.meta.resolve('@mft/interpreter/workflows'));
  const failureConverterPath = fileURLToPath(import.meta.resolve('@mft/interpreter/failure-converter'));
  const { code } = await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger: silent });
  const start = code.lastIndexOf('//# sourceMappingURL=data:');
  if (start < 0) throw new Error("The workflow bundle has no inline source map: has Temporal's bundler changed?");
  const map = { version: 3, file: 'mft-workflows.js', sources: [], names: [], mappings: '' };
  const stub = Buffer.from(JSON.stringify(map)).toString('base64');
  await writeFile(
    at('../dist/workflow-bundle.cjs'),
    `${code.slice(0, start)}//# sourceMappingURL=data:application/json;charset=utf-8;base64,${stub}\n`,
  );
}

/** All of our code and its small libraries in one module; the SDK is asked for when first needed. */
async function workerRuntime() {
  await build({
    entryPoints: [at('../src/runtime/main.ts')],
    outfile: at('../dist/worker-runtime.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'none',
    logLevel: 'warning',
    banner: {
      js: "import { createRequire as __mftCreateRequire } from 'node:module';\nconst require = __mftCreateRequire(import.meta.url);",
    },
    plugins: [sdkOutside],
  });
}

async function versions() {
  const own = JSON.parse(await readFile(at('../package.json'), 'utf8'));
  const sdk = JSON.parse(await readFile(require.resolve('@temporalio/worker/package.json'), 'utf8'));
  await writeFile(at('../dist/versions.json'), `${JSON.stringify({ mft: own.version, temporal: sdk.version })}\n`);
}
