import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { installRuntime } from '../../src/index.js';

/** A Temporal server of this test's own, from a binary that is on this machine already. */
export async function startServer(): Promise<TestWorkflowEnvironment> {
  await installRuntime();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: binary() },
      log: { format: 'pretty', level: 'error' },
      extraArgs: [
        '--dynamic-config-value',
        'history.transferProcessorMaxPollRPS=5000',
        '--dynamic-config-value',
        'system.enableActivityEagerExecution=true',
      ],
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
  const found = candidates.find((candidate) => candidate !== undefined && existsSync(candidate));
  if (found === undefined)
    throw new Error('These tests need the Temporal CLI: set MFT_TEMPORAL_BINARY, or put `temporal` on PATH.');
  return found;
}
