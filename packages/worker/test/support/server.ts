import { temporalBinary } from '@mft/testing';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { installRuntime } from '../../src/index.js';

/**
 * A Temporal server of this test's own, from a binary that is on this machine already.
 *
 * @param dbFilename - file to keep its database in, for tests that look into it
 */
export async function startServer(dbFilename?: string): Promise<TestWorkflowEnvironment> {
  await installRuntime();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      log: { format: 'pretty', level: 'error' },
      ...(dbFilename === undefined ? {} : { dbFilename }),
      extraArgs: [
        '--dynamic-config-value',
        'history.transferProcessorMaxPollRPS=5000',
        '--dynamic-config-value',
        'system.enableActivityEagerExecution=true',
      ],
    },
  });
}
