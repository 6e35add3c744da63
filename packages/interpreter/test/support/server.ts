import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** A server of the test's own. */
export async function startServer(): Promise<TestWorkflowEnvironment> {
  const settings = [
    'history.transferProcessorMaxPollRPS=5000',
    'history.eventsCacheMaxSizeBytes=67108864',
    'system.enableActivityEagerExecution=true',
    // Executions younger than this wait when they continue as new: in tests all are.
    'history.workflowIdReuseMinimalInterval="1ms"',
  ];
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findServer() },
      extraArgs: settings.flatMap((setting) => ['--dynamic-config-value', setting]),
      log: { format: 'pretty', level: 'error' },
    },
  });
}

/** `MFT_TEMPORAL_BINARY`, else PATH, else the cache that `mft server` fills. */
function findServer(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const candidates = [
    process.env['MFT_TEMPORAL_BINARY'],
    ...onPath,
    join(cache, 'mft', 'temporal', '1.5.1', 'temporal'),
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined) throw new Error('No temporal binary: set MFT_TEMPORAL_BINARY, or put `temporal` on PATH.');
  return found;
}
