import {
  FAILURE,
  withDeployedDefaults,
  type AnnounceRunInput,
  type FlowConfig,
  type SearchAttributeName,
  type SearchAttributeValues,
  type FinishRunInput,
  type LoadedPlan,
  type LoadPlanInput,
  type StartedRun,
  type StartRunInput,
} from '@mft/graph';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { finalIfUsers, startFailure } from '../failure.js';
import { LauncherFatalError, LauncherLostError } from '../launcher/errors.js';
import { originOf, type Runner } from './runner.js';
import { waitUnless } from './supervise.js';

/**
 * Plan, hash and tags of a deployment; the one that this worker serves where no hash is given.
 *
 * @throws ApplicationFailure `RunNotStarted` where there is no such deployment.
 */
export async function loadPlan(runner: Runner, input: LoadPlanInput): Promise<LoadedPlan> {
  if (input.hash === undefined) await runner.beforeCurrent?.();
  const hash = input.hash ?? runner.configs.currentHash;
  const [config, attributes = []] = await Promise.all([
    runner.configs.get(hash).catch(finalIfUsers),
    runner.searchAttributes?.(),
  ]);
  return {
    hash,
    plan: config.plan,
    tags: [...new Set([...config.tags, ...runner.tags])],
    ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
    ...(config.maxNumSplits === undefined ? {} : { maxNumSplits: config.maxNumSplits }),
    ...(config.compensate === undefined ? {} : { compensate: config.compensate }),
    ...(config.exitHooks === undefined ? {} : { exitHooks: config.exitHooks }),
    ...(attributes.length === 0 ? {} : { searchAttributes: shownBy(config, attributes) }),
    // Runs of `mft run` have no package: they are nobody's to wait for.
    ...(runner.announce !== undefined && config.package !== undefined ? { announce: true } : {}),
  };
}

function shownBy(
  { name, flow, project, user }: FlowConfig,
  names: readonly SearchAttributeName[],
): SearchAttributeValues {
  const all = { flow: flow.name, deployment: name, project: project?.name, branch: project?.branch, user };
  const has = (key: string): boolean => names.some((each) => each === key);
  return {
    values: Object.fromEntries(Object.entries(all).filter(([key, value]) => value !== undefined && has(key))),
    ...(has('runId') ? { runId: true } : {}),
    ...(has('tags') ? { tags: true } : {}),
  };
}

/** Publish the end of a run. Safe to repeat. */
export async function announceRun({ configs, announce }: Runner, input: AnnounceRunInput): Promise<void> {
  const config = await configs.get(input.hash).catch(finalIfUsers);
  await announce?.(config, input);
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
  const context = Context.current();
  const { info } = context;
  const patient = info.attempt < START_ATTEMPTS;
  const refused = Object.keys(input.params);
  if (input.resume && refused.length > 0)
    throw startFailure(
      `A resumed run has the parameters of its origin: "${refused[0]}" cannot be given.`,
      'RESUME_PARAMETERS',
      'Leave it out, or trigger a new run.',
    );
  const session = await waitUnless('stopped', context, runner.pool.session(input.hash)).catch((error: unknown) => {
    if (error instanceof LauncherFatalError && !patient) throw startFailure(error.message, error.code, error.hint);
    return finalIfUsers(error);
  });
  const registered = session.planners.register({
    op: 'open',
    run_id: input.runId,
    // Functions and files were evaluated when the flow was deployed: here the file may not exist. A resumed run has its origin's.
    params: input.resume ? {} : withDeployedDefaults(session.config.parameters, input.params),
    tags: input.tags,
    namespace: session.config.namespace ?? null,
    register: true,
    ...originOf(input),
    ...(input.triggers === undefined ? {} : { triggers: input.triggers }),
    // Of this execution of the workflow, and the same in every attempt of this activity.
    token: info.workflowExecution?.runId ?? info.base64TaskToken,
  });
  // Another worker does it again: a repetition is harmless.
  const answer = await waitUnless('stopped', context, registered);
  if (!answer.ok) {
    const { kind, message, code, hint, type } = answer.error;
    if (kind === 'lost' || (patient && PASSING.test(type ?? '')))
      throw ApplicationFailure.retryable(message, FAILURE.lost);
    throw startFailure(message, code, hint);
  }
  const pathspec = `${session.config.flow.name}/${input.runId}`;
  return typeof answer.cloned === 'number' ? { pathspec, cloned: answer.cloned } : { pathspec };
}

/** Let Metaflow's decorators end the run, and let go of its planner. */
export async function finishRun(runner: Runner, input: FinishRunInput): Promise<void> {
  const context = Context.current();
  const session = await waitUnless('stopped', context, runner.pool.session(input.hash)).catch(finalIfUsers);
  const join = { tags: [], namespace: session.config.namespace ?? null, ...originOf(input) };
  const answer = await waitUnless('stopped', context, session.planners.close(input.runId, join, input.status));
  if (!answer.ok) throw new LauncherLostError(`The run ${input.runId} could not be finished: ${answer.error.message}`);
}
