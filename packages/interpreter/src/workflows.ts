import type { Compensation, RunResult } from '@mft/graph';
import type { RangeReport } from './engine/events.js';
import { runUndo } from './workflow/compensation.js';
import type { RangeArgument, RunArgument, UndoArgument } from './workflow/input.js';
import { runRange } from './workflow/range.js';
import { runFlow } from './workflow/run.js';
import { joinEvents, type TriggerArgument } from './workflow/trigger.js';

/*
 * The workflow types. This module is what a `workflowsPath` names: every function that it exports becomes a workflow type.
 */

/**
 * Runs the flow that its task queue serves.
 *
 * @param input - parameters, tags, timeout (`RunInput` of `@mft/graph`); may be left out altogether
 * @throws ApplicationFailure `StepFailed`, `WorkflowTimeout`, `RunNotStarted`, `TaskLost`, `TooManySplits`, `Terminated`
 * @example
 * ```ts
 * await client.workflow.start('MetaflowWorkflow', { workflowId: 'HelloFlow-1', taskQueue: 'metaflow-HelloFlow', args: [{ params: { greeting: 'hi' } }] });
 * ```
 */
export async function MetaflowWorkflow(input?: RunArgument): Promise<RunResult> {
  return await runFlow(input ?? {});
}

/** Runs a range of a wide foreach, as a child of {@link MetaflowWorkflow} or of another range. Not to be started by hand. */
export async function MetaflowRangeWorkflow(input: RangeArgument): Promise<RangeReport> {
  return await runRange(input);
}

/** Undoes what a range of a wide foreach did, where that is many tasks, as a child of {@link MetaflowWorkflow}. Not to be started by hand. */
export async function MetaflowCompensationWorkflow(input: UndoArgument): Promise<Compensation> {
  return await runUndo(input);
}

/** Joins the events of a deployment that waits for several, and starts its runs. Started by who publishes, with the signal `event`. */
export async function MetaflowTriggerWorkflow(input?: TriggerArgument): Promise<void> {
  await joinEvents(input ?? {});
}
