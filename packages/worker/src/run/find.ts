import { METAFLOW_WORKFLOW, MftError, workflowIdOf } from '@mft/graph';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { namespaceNotFound } from './start.js';

/**
 * Look a run up by any of its names.
 *
 * @param name - Metaflow's run id, a pathspec (`Flow/run`, also with step and task), or a workflow id
 * @throws MftError `RUN_NOT_FOUND` (exit status 1), `NAMESPACE_NOT_FOUND`
 * @example
 * ```ts
 * const { workflowId } = await findRun(client, 'HelloFlow/temporal-HelloFlow-x7k2m0ab');
 * ```
 */
export async function findRun(client: Client, name: string): Promise<WorkflowExecutionDescription> {
  for (const workflowId of workflowIdsOf(name)) {
    const found = await describeExecution(client, workflowId);
    if (found?.type === METAFLOW_WORKFLOW) return found;
  }
  throw new MftError(
    'RUN_NOT_FOUND',
    `There is no run "${name}" on this server, in the namespace "${client.options.namespace}".`,
    {
      hint: 'List the runs with: mft runs',
      exitCode: 1,
    },
  );
}

/**
 * The workflow ids that a name may stand for, the likeliest first.
 *
 * @example
 * ```ts
 * workflowIdsOf('HelloFlow/temporal-HelloFlow-1/train'); // ['HelloFlow-1', 'HelloFlow/temporal-HelloFlow-1/train']
 * ```
 */
export function workflowIdsOf(name: string): string[] {
  const [, second] = name.split('/');
  const ids = [second ?? name].map(workflowIdOf).filter((id) => id !== undefined);
  return [...new Set([...ids, name])].filter((id) => id !== '');
}

async function describeExecution(
  client: Client,
  workflowId: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'WorkflowNotFoundError') return undefined;
    if (name === 'NamespaceNotFoundError') throw namespaceNotFound(client.options.namespace, error);
    throw error;
  }
}
