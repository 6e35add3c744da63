import { UNHURRIED } from '@mft/testing';
import { execa } from 'execa';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deploy, python, type Deployed } from './support/deployment.js';
import { startServer } from './support/server.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
let server: TestWorkflowEnvironment;
let deployed: Deployed;

beforeAll(async () => {
  server = await startServer();
  deployed = await deploy(server.address);
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(deployed.folder, 'node_modules'));
}, 120_000);
afterAll(async () => {
  await server.teardown();
  await deployed.remove();
});

/**
 * Run the code block of the README that holds `mark`, beside the test's `my_flow.py`.
 *
 * @param until - what it prints when it is to be stopped, by SIGTERM
 */
async function runExample(mark: string, until?: string): Promise<string> {
  const blocks = [...readme.matchAll(/```js\n([\s\S]+?)```/g)].map(([, block = '']) => block);
  const example = blocks.find((block) => block.includes(mark)) ?? '';
  const file = join(deployed.folder, 'example.mjs');
  writeFileSync(file, example.replaceAll('127.0.0.1:7233', server.address));
  const running = execa(process.execPath, [file], {
    cwd: deployed.folder,
    env: { ...deployed.env, METAFLOW_PYTHON: python },
    extendEnv: false,
    ...UNHURRIED,
  });
  running.stdout.on('data', (chunk: Buffer) => {
    if (until !== undefined && chunk.toString().includes(until)) running.kill('SIGTERM');
  });
  return (await running).stdout;
}

test("the README's program makes a worker file, whose own comments know its name", async () => {
  await runExample('renderWorkerFile');
  const made = readFileSync(join(deployed.folder, 'my_flow_worker.mjs'), 'utf8');
  expect(made).toContain('node my_flow_worker.mjs trigger');
});

test("the README's program starts a worker, runs the flow and says how it ended", async () => {
  expect(await runExample('connectWorker')).toMatch(/^✔ \w+\/temporal-\S+ completed\n/m);
});

test("the README's program records a deployment, reads the record, and serves it until SIGTERM", async () => {
  const stdout = await runExample('serveDeployments', "[ 'MyFlow' ]");
  expect(stdout).toMatch(/name: 'greeting'[^]+\[ 'MyFlow' \][^]+name: 'MyFlow'/);
});
