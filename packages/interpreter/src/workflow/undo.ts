import { FAILURE, taskIdOf, type CompensateInput, type Compensation } from '@mft/graph';
import { ChildWorkflowCancellationType, executeChild, log } from '@temporalio/workflow';
import type { Command } from '../engine/events.js';
import type { RunError } from '../engine/state.js';
import { labelOf } from '../engine/pile.js';
import { compensationOptions, tasks } from './activities.js';
import { originOf, policyOf, type Bench, type Happening } from './bench.js';
import { errorOf, firstLine, handedOver } from './errors.js';
import { factsOf, type UndoArgument } from './input.js';

/** Name of the workflow type that undoes what a child did. */
export const UNDO_WORKFLOW = 'MetaflowCompensationWorkflow';

/** Has a task undone. How often that is tried is the handler's policy; that it fails for good is an answer as well. */
export function undoTask(
  { plan, facts, shield }: Bench,
  { id, task, handler, failure }: Extract<Command, { type: 'compensate' }>,
): Promise<Happening> {
  const { hash, runId } = facts;
  const policy = policyOf(plan, task.step).compensate;
  if (policy === undefined) throw new Error(`Step ${task.step} has nothing that undoes it.`);
  const options = { ...compensationOptions(policy), activityId: `compensate-${id}`, summary: `undo ${labelOf(task)}` };
  const input: CompensateInput = {
    ...task,
    hash,
    runId,
    handler,
    handover: true,
    key: `${runId}/${task.step}/${task.taskId ?? taskIdOf(task)}`,
    failure: { ...causeOf(failure), ...(failure.task ? { step: failure.task.step } : {}) },
    ...originOf(facts),
  };
  const attempt = (): Promise<Happening> =>
    shield
      .run(() => tasks.compensateMetaflowTask.executeWithOptions(options, [input]))
      .then(
        () => ({ type: 'undone', id }),
        (error: unknown) => {
          if (handedOver(error) !== undefined) return attempt();
          return { type: 'undone', id, error: firstLine(errorOf(error, `Undoing ${labelOf(task)}`).message) };
        },
      );
  return attempt();
}

/** Has a child undo what another one did. */
export function undoBlock(
  { facts, limits, compensate, shield }: Bench,
  { id, items, failure }: Extract<Command, { type: 'undoBlock' }>,
): Promise<Happening> {
  const { task } = failure;
  // Handlers are told the type, the first line and the step; a traceback for each block would only fill the history.
  const cause = { ...causeOf(failure), ...(task ? { task } : {}) };
  const argument: UndoArgument = {
    ...factsOf(facts),
    items,
    failure: cause,
    limits,
    ...(compensate ? { compensate } : {}),
  };
  const workflowId = `${facts.workflowId}.undo.${id}`;
  return shield
    .run(() =>
      executeChild<(argument: UndoArgument) => Promise<Compensation>>(UNDO_WORKFLOW, {
        args: [argument],
        workflowId,
        staticSummary: `undo ${id}`,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
      }),
    )
    .then(
      (report) => ({ type: 'blockUndone', id, report }),
      (error: unknown) => {
        log.warn(`What ${id} did may not be undone: ${errorOf(error, `The child workflow ${workflowId}`).message}`);
        return { type: 'blockLost', id };
      },
    );
}

/** Type and message of an error as Python has them: those of the step's own exception, where one is known. */
function causeOf({ type, message, details }: RunError): { readonly type: string; readonly message: string } {
  const first = firstLine(message);
  const { type: exception } = (details?.[0] ?? {}) as { readonly type?: unknown };
  if (type !== FAILURE.step || typeof exception !== 'string') return { type, message: first };
  const head = `${exception}: `;
  return { type: exception, message: first.startsWith(head) ? first.slice(head.length) : first };
}
