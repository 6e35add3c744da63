import {
  FAILURE,
  withDeployedDefaults,
  type FinishRunInput,
  type LoadedPlan,
  type LoadPlanInput,
  type StartedRun,
  type StartRunInput,
} from '@mft/graph';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { finalIfUsers, startFailure } from '../failure.js';
import { LauncherFatalError, LauncherLostError } from '../launcher/errors.js';
import type { Runner } from './runner.js';

/**
 * Plan, hash and tags of a deployment; the one that this worker serves where no hash is given.
 *
 * @throws ApplicationFailure `RunNotStarted` where there is no such deployment.
 */
export async function loadPlan(runner: Runner, input: LoadPlanInput): Promise<LoadedPlan> {
  const hash = input.hash ?? runner.hash;
  const config = await runner.configs.get(hash).catch(finalIfUsers);
  return {
    hash,
    plan: config.plan,
    tags: [...new Set([...config.tags, ...runner.tags])],
    ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
  };
}

// Attempts after which a run that could not be started is given up, though another worker might still do it.
const START_ATTEMPTS = 3;

// Errors of the services behind Metaflow, by name: they may pass.
const PASSING = /^(ServiceException|MetaflowS3Exception|.*ConnectionError|.*Timeout(Error)?)$/;

/**
 * Register the run and write its parameters. A repeated attempt of the same execution is harmless; another execution with the same
 * run id is refused.
 *
 * @throws ApplicationFailure `RunNotStarted` for parameters that Metaflow refuses and for a run id that is taken.
 */
export async function startRun(runner: Runner, input: StartRunInput): Promise<StartedRun> {
  const { info } = Context.current();
  const patient = info.attempt < START_ATTEMPTS;
  const session = await runner.pool.session(input.hash).catch((error: unknown) => {
    if (error instanceof LauncherFatalError && !patient) throw startFailure(error.message, error.code, error.hint);
    return finalIfUsers(error);
  });
  const answer = await session.planners.register({
    op: 'open',
    run_id: input.runId,
    // Functions and files were evaluated when the flow was deployed: here the file may not exist.
    params: withDeployedDefaults(session.config.parameters, input.params),
    tags: input.tags,
    namespace: session.config.namespace ?? null,
    register: true,
    // Of this execution of the workflow, and the same in every attempt of this activity.
    token: info.workflowExecution?.runId ?? info.base64TaskToken,
  });
  if (!answer.ok) {
    const { kind, message, code, hint, type } = answer.error;
    if (kind === 'lost' || (patient && PASSING.test(type ?? '')))
      throw ApplicationFailure.retryable(message, FAILURE.lost);
    throw startFailure(message, code, hint);
  }
  return { pathspec: `${session.config.flow.name}/${input.runId}` };
}

/** Let Metaflow's decorators end the run, and let go of its planner. */
export async function finishRun(runner: Runner, input: FinishRunInput): Promise<void> {
  const session = await runner.pool.session(input.hash).catch(finalIfUsers);
  const join = { tags: [], namespace: session.config.namespace ?? null };
  const answer = await session.planners.close(input.runId, join, input.status);
  if (!answer.ok) throw new LauncherLostError(`The run ${input.runId} could not be finished: ${answer.error.message}`);
}
