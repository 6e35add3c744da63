import { SEARCH_ATTRIBUTES } from '@mft/graph';
import { promptServer, temporalBinary } from '@mft/testing';
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** A server of the test's own. */
export async function startServer(): Promise<TestWorkflowEnvironment> {
  const settings = [
    'history.eventsCacheMaxSizeBytes=67108864',
    'system.enableActivityEagerExecution=true',
    // Executions younger than this wait when they continue as new: in tests all are.
    'history.workflowIdReuseMinimalInterval="1ms"',
  ];
  return await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      extraArgs: promptServer(...settings),
      log: { format: 'pretty', level: 'error' },
    },
  });
}

/** Lets runs show themselves by search attributes. */
export async function registerSearchAttributes(env: TestWorkflowEnvironment): Promise<void> {
  const { tags, ...keywords } = SEARCH_ATTRIBUTES;
  const types = [...Object.values(keywords).map((name) => [name, 2]), [tags, 7]];
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(types) as Record<string, number>,
  });
}
