import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from './support/server.js';
import { quiet } from './support/world.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'mft-interpreter-'));
let env: TestWorkflowEnvironment;

beforeAll(async () => {
  quiet();
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  env = await startServer();
});
afterAll(async () => {
  await env?.teardown();
  rmSync(folder, { recursive: true });
});

/** Write the code block that begins with `// NAME` to a file of that name. */
function example(name: string): string {
  const blocks = [...readme.matchAll(/```js\n([\s\S]+?)```/g)].map(([, block = '']) => block);
  const file = join(folder, name);
  writeFileSync(file, blocks.find((block) => block.startsWith(`// ${name}\n`)) ?? '');
  return file;
}

test("the README's workflows and its runner of three tasks: both workflows run in one worker", async () => {
  const { activities } = (await import(pathToFileURL(example('runner.mjs')).href)) as { activities: object };
  const taskQueue = 'readme';
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, taskQueue, workflowsPath: example('workflows.mjs'), activities },
  });
  await worker.runUntil(async () => {
    const { workflow } = env.client;
    expect(await workflow.execute('greet', { workflowId: 'greet', taskQueue, args: ['Ada'] })).toBe('Hello, Ada.');
    expect(await workflow.execute('MetaflowWorkflow', { workflowId: 'Tiny-1', taskQueue, args: [{}] })).toEqual({
      pathspec: 'TinyFlow/temporal-Tiny-1',
      runId: 'temporal-Tiny-1',
      tasks: 6,
    });
  });
});
