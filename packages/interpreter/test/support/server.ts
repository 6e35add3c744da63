import { temporalBinary } from '@mft/testing';
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
      executable: { type: 'existing-path', path: temporalBinary() },
      extraArgs: settings.flatMap((setting) => ['--dynamic-config-value', setting]),
      log: { format: 'pretty', level: 'error' },
    },
  });
}
