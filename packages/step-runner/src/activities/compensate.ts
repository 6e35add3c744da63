import { taskIdOf, taskLabel, type CompensateInput } from '@mft/graph';
import { Context } from '@temporalio/activity';
import { reportOf } from '../attempts.js';
import { finalIfUsers, handedOverFailure, stepFailure } from '../failure.js';
import { Heart } from './heartbeat.js';
import { logLine, originOf, type Runner } from './runner.js';
import { inSlot } from './slot.js';
import { isStopped, supervise, waitUnless } from './supervise.js';

// For a plan that names a handler without a policy. Seconds.
const DEFAULT = { retries: 3, timeout: 300 };

// Milliseconds beyond the handler's timeout, which the launcher sees to: loading the flow takes its time too.
const SLACK = 15 * 60_000;

/**
 * Run the handler that undoes a finished task. Attempts that were lost with their worker do not use up the handler's retries.
 *
 * @throws ApplicationFailure `StepAttemptFailed`, or `StepFailed` where the handler has no retries left or says that another try is no
 * use; CancelledFailure after its processes are gone.
 */
export async function compensateTask(runner: Runner, input: CompensateInput): Promise<void> {
  const context = Context.current();
  const attempt = context.info.attempt - 1;
  const failures = reportOf(context.info.heartbeatDetails)?.failures ?? 0;
  const heart = new Heart(context, runner.heartbeat, failures);
  const taskId = input.taskId ?? taskIdOf(input);
  try {
    const session = await waitUnless('cancelled', context, runner.pool.session(input.hash)).catch(finalIfUsers);
    const { config, planners } = session;
    const { retries, timeout } = config.plan.policies[input.step]?.compensate ?? DEFAULT;
    const origin = {
      flow: config.flow.name,
      run: input.runId,
      step: input.step,
      label: `undo ${input.handler}(${taskLabel(input, input.taskId)})`,
      taskId,
      attempt,
    };
    const undo = () =>
      planners.using(input.runId, { tags: [], namespace: config.namespace ?? null, ...originOf(input) }, () =>
        supervise(
          context,
          session,
          {
            op: 'compensate',
            run_id: input.runId,
            step: input.step,
            task_id: taskId,
            handler: input.handler,
            key: input.key,
            timeout,
            attempt,
            failure: input.failure,
            ...originOf(input),
          },
          {
            started: ({ pid }) => heart.started(pid),
            log: (event) => {
              heart.line(event.line);
              runner.log(logLine(origin, event));
            },
          },
          runner.grace,
          timeout * 1000 + SLACK,
        ),
      );
    const answer = await inSlot(runner, context, undo);
    if (answer.ok) return;
    const pathspec = [config.flow.name, input.runId, input.step, taskId].join('/');
    heart.failed();
    throw stepFailure(
      answer.error,
      { last: failures >= retries },
      { pathspec, step: input.step, attempt },
      runner.retryWait,
    );
  } catch (error) {
    if (input.handover !== true || !isStopped(error, runner)) throw error;
    throw handedOverFailure({ pathspec: [input.runId, input.step, taskId].join('/'), step: input.step, attempt });
  } finally {
    heart.stop();
  }
}
