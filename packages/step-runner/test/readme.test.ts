import { execa } from 'execa';
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { FLOWS, freshMetaflow } from './support/metaflow.js';
import { startServer } from './support/server.js';

it("the README's worker runs a flow that any client starts, and ends on SIGTERM", async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```js\n([\s\S]+?)```/.exec(readme) ?? [];
  expect(example).toContain('NativeConnection.connect()');
  const metaflow = freshMetaflow();
  const server = await startServer();
  try {
    copyFileSync(join(FLOWS, 'linear.py'), join(metaflow.folder, 'hello.py'));
    symlinkSync(
      fileURLToPath(new URL('../../../node_modules', import.meta.url)),
      join(metaflow.folder, 'node_modules'),
    );
    const here = `NativeConnection.connect({ address: '${server.address}' })`;
    writeFileSync(join(metaflow.folder, 'worker.mjs'), example.replace('NativeConnection.connect()', here));
    const worker = execa(process.execPath, ['worker.mjs'], {
      cwd: metaflow.folder,
      env: { ...metaflow.env, METAFLOW_PYTHON: metaflow.python },
      extendEnv: false,
      reject: false,
    });
    const result = await server.client.workflow.execute('MetaflowWorkflow', {
      workflowId: 'LinearFlow-1',
      taskQueue: 'metaflow-LinearFlow',
      args: [{ params: { greeting: 'hi' } }],
    });
    worker.kill('SIGTERM');
    const { exitCode, stdout } = await worker;
    expect(result).toEqual({ pathspec: 'LinearFlow/temporal-LinearFlow-1', runId: 'temporal-LinearFlow-1', tasks: 3 });
    expect(await metaflow.ask('answer = Run("LinearFlow/temporal-LinearFlow-1").successful')).toBe(true);
    expect(stdout).toContain('[start] hi');
    expect(exitCode).toBe(0);
  } finally {
    await server.teardown();
    metaflow.remove();
  }
});
