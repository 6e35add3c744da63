import { taskIdOf, taskLabel, type CompensateInput } from '@mft/graph';
import { Context } from '@temporalio/activity';
import { finalIfUsers, handedOverFailure, stepFailure } from '../failure.js';
import { Heart } from './heartbeat.js';
import { logLine, resumed, type Runner } from './runner.js';
import { inSlot } from './slot.js';
import { isStopped, supervise, waitUnless } from './supervise.js';

// Seconds, for a plan that names a handler without a policy.
const DEFAULT_TIMEOUT = 600;

/**
 * Run the handler that undoes a finished task. How often it is tried is the activity's retry policy.
 *
 * @throws ApplicationFailure `StepAttemptFailed`, or `StepFailed` where the handler says that another try is no use.
 */
export async function compensateTask(runner: Runner, input: CompensateInput): Promise<void> {
  const context = Context.current();
  const attempt = context.info.attempt - 1;
  const heart = new Heart(context, runner.heartbeat, 0);
  const taskId = taskIdOf(input);
  try {
    const session = await waitUnless('cancelled', context, runner.pool.session(input.hash)).catch(finalIfUsers);
    const { config, planners } = session;
    const origin = {
      flow: config.flow.name,
      run: input.runId,
      step: input.step,
      label: `${input.handler}(${taskLabel(input)})`,
      taskId,
      attempt,
    };
    const undo = () =>
      planners.using(input.runId, { tags: [], namespace: config.namespace ?? null, ...resumed(input) }, () =>
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
            timeout: config.plan.policies[input.step]?.compensate?.timeout ?? DEFAULT_TIMEOUT,
            failure: input.failure,
            ...resumed(input),
          },
          {
            started: ({ pid }) => heart.started(pid),
            log: (event) => {
              heart.line(event.line);
              runner.log(logLine(origin, event));
            },
          },
          runner.grace,
        ),
      );
    const answer = await inSlot(runner, context, undo);
    if (answer.ok) return;
    const pathspec = [config.flow.name, input.runId, input.step, taskId].join('/');
    throw stepFailure(answer.error, { last: false }, { pathspec, step: input.step, attempt });
  } catch (error) {
    if (input.handover !== true || !isStopped(error, runner)) throw error;
    throw handedOverFailure({ pathspec: [input.runId, input.step, taskId].join('/'), step: input.step, attempt });
  } finally {
    heart.stop();
  }
}
