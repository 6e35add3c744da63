import { taskLabel, type AttemptsBefore, type TaskInput, type TaskResult } from '@mft/graph';
import { isCancellation } from '@temporalio/workflow';
import type { Command } from '../engine/events.js';
import { taskOptions, tasks } from './activities.js';
import { originOf, policyOf, type Bench, type Happening } from './bench.js';
import { errorOf, handedOver, subjectOf } from './errors.js';

type RunTask = Extract<Command, { type: 'runTask' }>;

/** A proxy makes a function anew whenever it is asked for one. */
const { runMetaflowTask } = tasks;

/**
 * Runs a task. The caller is within `bench.work`: this is what a run does most, and each promise in a workflow costs as much as an event
 * of the engine, since the SDK takes a stack trace for it. Therefore there is one promise of ours for each task, and no scope is entered.
 */
export function runTask(bench: Bench, command: RunTask): void {
  const { id } = command;
  void execute(bench, command).then(
    (result) => bench.tellTask(doneBy(id, result)),
    (error: unknown) => {
      const back = handedOver(error);
      if (back === undefined) bench.tellTask(failedBy(command, error));
      // In the next turn, as ever: a replay compares what comes of it.
      else
        void Promise.resolve()
          .then(() => runAgain(bench, command, back.before))
          .then(bench.tell);
    },
  );
}

/**
 * Runs a task again that a worker gave back. To the engine it is the same task, in flight all the time.
 *
 * One that is lost in its turn is told of one turn later than the others, since a promise waits for a promise here (R1).
 */
function runAgain(bench: Bench, command: RunTask, before: AttemptsBefore | undefined): Promise<Happening> {
  return bench.work
    .run(() => execute(bench, command, before))
    .then(
      (result) => doneBy(command.id, result),
      (error: unknown) => {
        const back = handedOver(error);
        return back === undefined ? failedBy(command, error) : runAgain(bench, command, back.before);
      },
    );
}

function execute({ plan, facts }: Bench, { id, task }: RunTask, before?: AttemptsBefore): Promise<TaskResult> {
  const { hash, runId, tags } = facts;
  const options = { ...taskOptions(policyOf(plan, task.step), before), activityId: id, summary: taskLabel(task) };
  const input: TaskInput = { hash, runId, ...task, tags, handover: true, ...originOf(facts) };
  return runMetaflowTask.executeWithOptions(options, [before === undefined ? input : { ...input, before }]);
}

function doneBy(id: string, { transition, cloned }: TaskResult): Happening {
  return { type: 'taskDone', id, transition, ...(cloned === true ? { cloned } : {}) };
}

function failedBy({ id, task }: RunTask, error: unknown): Happening {
  if (isCancellation(error)) return { type: 'taskCancelled', id };
  const { step, index, visit } = task;
  return { type: 'taskFailed', id, error: errorOf(error, subjectOf(task), { step, index, visit }) };
}
