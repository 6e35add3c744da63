import { randomBytes } from 'node:crypto';
import { METAFLOW_WORKFLOW, MftError, runIdOf, type FlowConfig, type RunInput } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { memoOf, type RunOwner } from './memo.js';
import { checkSize } from './size.js';

/** How a run is started, beside its input. */
export interface StartOptions {
  /** Hash of the config, as `configHash` of `@mft/compiler` computes it: kept in the run's memo. */
  readonly hash: string;
  /** Workflow id to use (default: `<deployment>-<8 characters>`). */
  readonly workflowId?: string | undefined;
  /** Process that alone serves this run; kept in the memo, so that {@link endAbandonedRuns} finds the run once it is gone. */
  readonly owner?: RunOwner | undefined;
}

/** A run that Temporal has accepted. */
export interface StartedRunInfo {
  readonly flow: string;
  readonly workflowId: string;
  /** Temporal's own id of this execution. */
  readonly executionId: string;
  /** Metaflow's run id. */
  readonly runId: string;
  /** `Flow/run` */
  readonly pathspec: string;
  readonly taskQueue: string;
}

/**
 * A fresh workflow id: the deployment's name, a dash, eight characters of base 36.
 *
 * @example
 * ```ts
 * newWorkflowId('HelloFlow'); // 'HelloFlow-x7k2m0ab'
 * ```
 */
export function newWorkflowId(deployment: string): string {
  const value = randomBytes(8).readBigUInt64BE() % 36n ** 8n;
  return `${deployment}-${value.toString(36).padStart(8, '0')}`;
}

/**
 * Start a run of a flow. Does not wait for it, and does not check parameters: do so first, with `checkParameters` of `@mft/graph`.
 *
 * @param client - a connected client
 * @param config - the deployment to run
 * @param input - parameters and tags
 * @throws MftError `PARAMETERS_TOO_LARGE`, `RUN_EXISTS` where the workflow id is taken, `NAMESPACE_NOT_FOUND`
 * @example
 * ```ts
 * const run = await startRun(client, config, { params: { greeting: 'hi' } }, { hash });
 * console.log(run.pathspec); // HelloFlow/temporal-HelloFlow-x7k2m0ab
 * ```
 */
export async function startRun(
  client: Client,
  config: FlowConfig,
  input: RunInput,
  options: StartOptions,
): Promise<StartedRunInfo> {
  checkSize(config, input.params ?? {});
  const workflowId = options.workflowId ?? newWorkflowId(config.name);
  const flow = config.flow.name;
  const { hash, owner } = options;
  const memo = memoOf(config, { hash, tags: input.tags ?? [], owner });
  try {
    const handle = await client.workflow.start(METAFLOW_WORKFLOW, {
      taskQueue: config.taskQueue,
      workflowId,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      args: [{ ...input, hash: input.hash ?? options.hash } satisfies RunInput],
      memo: { ...memo },
      staticSummary: flow,
      staticDetails: detailsOf(config, input),
    });
    const runId = runIdOf(workflowId);
    return {
      flow,
      workflowId,
      executionId: handle.firstExecutionRunId,
      runId,
      pathspec: `${flow}/${runId}`,
      taskQueue: config.taskQueue,
    };
  } catch (cause) {
    throw translate(cause, client, workflowId);
  }
}

/** Names only: a parameter's value may be long, or not for everyone's eyes. */
function detailsOf(config: FlowConfig, input: RunInput): string {
  const given = Object.keys(input.params ?? {});
  const lines = [`Metaflow flow \`${config.flow.name}\`, deployment \`${config.name}\``];
  if (given.length > 0) lines.push(`Parameters given: ${given.map((name) => `\`${name}\``).join(', ')}`);
  const defaults = config.parameters.map((p) => p.name).filter((name) => !given.includes(name));
  if (defaults.length > 0) lines.push(`Parameters by default: ${defaults.map((name) => `\`${name}\``).join(', ')}`);
  return lines.join('\n\n');
}

function translate(cause: unknown, client: Client, workflowId: string): unknown {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'WorkflowExecutionAlreadyStartedError') {
    return new MftError('RUN_EXISTS', `A run with the workflow id "${workflowId}" exists already.`, {
      hint: `See it with: mft status ${workflowId}. Or choose another workflow id.`,
      cause,
    });
  }
  if (name === 'NamespaceNotFoundError') {
    return namespaceNotFound(client.options.namespace, cause);
  }
  return cause;
}

/** The error of a server that does not have a namespace, from a client or from a worker. */
export function namespaceNotFound(namespace: string, cause: unknown): MftError {
  return new MftError('NAMESPACE_NOT_FOUND', `The server has no namespace "${namespace}".`, {
    hint: `Create it with "temporal operator namespace create -n ${namespace}", or name another: TEMPORAL_NAMESPACE.`,
    exitCode: 1,
    cause,
  });
}
