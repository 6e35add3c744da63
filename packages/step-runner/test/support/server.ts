import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';

/** A Temporal server of this test's own, from a binary that is on this machine already. */
export function startServer(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: binary() },
      log: { format: 'pretty', level: 'error' },
      extraArgs: ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=5000'],
    },
  });
}

function binary(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const candidates = [
    process.env['MFT_TEMPORAL_BINARY'],
    ...onPath,
    join(homedir(), '.cache/mft/temporal/1.5.1/temporal'),
  ];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (!found) throw new Error('These tests need the Temporal CLI: set MFT_TEMPORAL_BINARY, or put `temporal` on PATH.');
  return found;
}

/** The test workflows, bundled once for all workers of a test. */
export async function bundleWorkflows(): Promise<string> {
  const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
  return (await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })).code;
}
