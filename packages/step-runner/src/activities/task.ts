import {
  FAILURE,
  inputPaths,
  isMftError,
  MftError,
  taskIdOf,
  taskLabel,
  type FlowConfig,
  type RetryPolicy,
  type TaskInput,
  type TaskResult,
  type Transition,
} from '@mft/graph';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { attemptOf, reportOf, type Attempt } from '../attempts.js';
import { handedOverFailure, lostFailure, stepFailure, type FailureDetails } from '../failure.js';
import { LauncherFatalError, LauncherLostError } from '../launcher/errors.js';
import type { OkAnswer, TaskRequest } from '../launcher/protocol.js';
import type { TaskNeed } from '../slots.js';
import { Heart } from './heartbeat.js';
import { logLine, originOf, type Runner } from './runner.js';
import { inSlot } from './slot.js';
import { isStopped, supervise, waitUnless } from './supervise.js';

// Milliseconds beyond `@timeout`, which acts inside the step and must win: storing artifacts takes its time too.
const SLACK = 15 * 60_000;

// More names than a person reads; the result stays small however many there are.
const MAX_ARTIFACTS = 36;

/**
 * One attempt of one task.
 *
 * @throws ApplicationFailure of a type in `FAILURE`; CancelledFailure after the task's processes are gone.
 */
export async function runTask(runner: Runner, input: TaskInput): Promise<TaskResult> {
  const context = Context.current();
  const taskId = taskIdOf(input);
  const report = reportOf(context.info.heartbeatDetails);
  // Before anything that takes time: whatever happens next, the attempts before this one are on record.
  const heart = new Heart(context, runner.heartbeat, report?.failures ?? input.before?.failures ?? 0);
  try {
    const config = await runner.configs.get(input.hash);
    const retry = retryOf(config, input.step);
    const attempt = attemptOf(context.info.attempt, retry, report, input.before);
    const pathspec = [config.flow.name, input.runId, input.step, taskId].join('/');
    const details: FailureDetails = { pathspec, step: input.step, attempt: attempt.number };
    try {
      const work = () => attemptTask(runner, context, input, attempt, heart);
      const answer = await inSlot(runner, context, work, needOf(config, input.step));
      if (!answer.ok) {
        heart.failed();
        throw stepFailure(answer.error, attempt, details, runner.retryWait);
      }
      return resultOf(answer, pathspec, attempt);
    } catch (error) {
      if (isStopped(error, runner)) {
        // A step that must not run twice is handed over only as long as it has not begun.
        if (retry.losses === 0 && heart.hasStarted)
          throw lostFailure(
            'Its worker was stopped, and under @retry(times=0) it does not run again.',
            attempt,
            details,
          );
        if (input.handover === true)
          throw handedOverFailure(details, { number: attempt.number, failures: attempt.failures });
      }
      if (error instanceof LauncherLostError || error instanceof LauncherFatalError)
        throw lostFailure(error.message, attempt, details);
      throw error;
    }
  } catch (error) {
    // Another worker may have what this one lacks; how often that is tried is the activity's retry policy.
    if (isMftError(error)) throw ApplicationFailure.retryable(error.message, FAILURE.lost, { code: error.code });
    throw error;
  } finally {
    heart.stop();
  }
}

async function attemptTask(runner: Runner, context: Context, input: TaskInput, attempt: Attempt, heart: Heart) {
  const session = await waitUnless('cancelled', context, runner.pool.session(input.hash));
  const { config, planners } = session;
  const request = requestOf(input, attempt);
  const origin = {
    flow: config.flow.name,
    run: input.runId,
    step: input.step,
    label: taskLabel(input),
    taskId: request.task_id,
    attempt: attempt.number,
  };
  const listener = {
    started: ({ pid }: { pid: number }): void => heart.started(pid),
    log: (event: { stream: 'stdout' | 'stderr'; line: string }): void => {
      heart.line(event.line);
      runner.log(logLine(origin, event));
    },
  };
  const join = { tags: input.tags, namespace: config.namespace ?? null, ...originOf(input) };
  const limit = limitOf(config, input.step);
  return planners.using(input.runId, join, () => supervise(context, session, request, listener, runner.grace, limit));
}

/**
 * A task in the launcher's terms.
 *
 * @example
 * ```ts
 * requestOf({ hash, runId: 'temporal-F-1', step: 'end', index: [], visit: 0, inputs: […], tags: [] }, attempt).task_id; // 'temporal-end-0'
 * ```
 */
export function requestOf(input: TaskInput, attempt: Pick<Attempt, 'number' | 'extraRetries'>): TaskRequest {
  return {
    op: 'task',
    run_id: input.runId,
    step: input.step,
    task_id: taskIdOf(input),
    input_paths: inputPaths(input.runId, input.inputs),
    split_index: input.splitIndex ?? null,
    join_type: input.joinType ?? null,
    ubf_context: input.parallel === 'control' ? 'ubf_control' : null,
    attempt: attempt.number,
    extra_retries: attempt.extraRetries,
    ...originOf(input),
  };
}

function resultOf(answer: OkAnswer, pathspec: string, attempt: Attempt): TaskResult {
  const names = answer.artifacts ?? [];
  const first = names[0];
  return {
    pathspec,
    attempt: answer.attempt ?? attempt.number,
    artifacts: names.slice(0, MAX_ARTIFACTS),
    fetch: `metaflow.Task("${pathspec}").data${first === undefined ? '' : `.${first}`}`,
    transition: transitionOf(answer),
    ...(answer.cloned === true ? { cloned: true } : {}),
  };
}

function transitionOf({ splits, unbounded, branch, mappers }: OkAnswer): Transition {
  return {
    ...(splits === undefined ? {} : { splits }),
    ...(unbounded ? { unbounded } : {}),
    ...(branch === undefined ? {} : { branch }),
    ...(mappers === undefined ? {} : { mappers }),
  };
}

function retryOf(config: FlowConfig, step: string): RetryPolicy {
  const policy = config.plan.policies[step];
  if (!policy)
    throw new MftError(
      'UNKNOWN_STEP',
      `${config.flow.name} has no step "${step}" in the deployment that this run began with.`,
      { hint: 'Run it with a worker that serves the deployment of that hash.', exitCode: 1 },
    );
  return policy.retry;
}

/** What `@resources` asks for; nothing is known of what a control task's siblings take together. */
function needOf({ flow, plan }: FlowConfig, step: string): TaskNeed | undefined {
  const memory = plan.policies[step]?.memory;
  return memory === undefined ? undefined : { memory, step: `${flow.name}/${step}` };
}

/** Counted from when the task has its slot: Temporal's own limit also covers the waiting. */
function limitOf({ plan }: FlowConfig, step: string): number | undefined {
  const timeout = plan.policies[step]?.timeout;
  return timeout === undefined ? undefined : timeout * 1000 + SLACK;
}
