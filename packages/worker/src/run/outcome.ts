import { FAILURE, runIdOf, type Compensation, type RunResult } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { readCompensation } from './compensation.js';
import { causesOf, isDeadline, runErrorOf, type RunError } from './failure.js';

/** How a run ended. */
export type RunStatus = 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out';

/** Which run: the workflow id says it all, the flow's name is needed to write its pathspec. */
export interface RunRef {
  readonly workflowId: string;
  readonly flow: string;
}

/** The end of a run. Its shape is what `mft run --json` prints. */
export interface RunOutcome {
  readonly status: RunStatus;
  /** `Flow/run` */
  readonly pathspec: string;
  readonly runId: string;
  readonly workflowId: string;
  readonly error?: RunError;
  /** What was undone, where the run did not complete and had anything to undo. */
  readonly compensation?: Compensation;
}

/**
 * Wait for the end of a run and say how it ended. A failed run is an answer, not an exception.
 *
 * @throws what Temporal's client throws where the server is lost or the workflow does not exist
 * @example
 * ```ts
 * const outcome = await describeOutcome(client, run);
 * process.exitCode = exitStatusOf(outcome);
 * ```
 */
export async function describeOutcome(client: Client, run: RunRef): Promise<RunOutcome> {
  const outcome = await settledOutcome(client, run);
  if (outcome.status === 'completed') return outcome;
  // That it cannot be read does not change how the run ended.
  const compensation = await readCompensation(client, run.workflowId).catch(() => undefined);
  return compensation === undefined ? outcome : { ...outcome, compensation };
}

/** As {@link describeOutcome}, without what was undone. */
export async function settledOutcome(client: Client, run: RunRef): Promise<RunOutcome> {
  try {
    const result = (await client.workflow.getHandle(run.workflowId).result()) as RunResult | undefined;
    return { status: 'completed', ...namesOf(run), ...(result === undefined ? {} : { pathspec: result.pathspec }) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowFailedError') throw error;
    return outcomeOfFailure(run, error.cause);
  }
}

/** As {@link describeOutcome}, from a failure at hand. */
export function outcomeOfFailure(run: RunRef, failure: unknown): RunOutcome {
  const [{ name: outermost, type } = {}] = causesOf(failure);
  const names = namesOf(run);
  if (outermost === 'CancelledFailure') return { status: 'cancelled', ...names };
  // By a person's `terminate`, or by the same with everything undone first.
  if (outermost === 'TerminatedFailure' || type === FAILURE.terminated)
    return { status: 'terminated', ...names, error: runErrorOf(failure) };
  return { status: isRunDeadline(failure) ? 'timed_out' : 'failed', ...names, error: runErrorOf(failure) };
}

/**
 * The exit status that fits an outcome: 0 if the run completed, else 1.
 *
 * @example
 * ```ts
 * process.exitCode = exitStatusOf(await describeOutcome(client, run));
 * ```
 */
export function exitStatusOf(outcome: RunOutcome): 0 | 1 {
  return outcome.status === 'completed' ? 0 : 1;
}

/** A step's own timeout is a failure of the step; only the run's own counts here. */
function isRunDeadline(failure: unknown): boolean {
  const insideActivity = causesOf(failure).some((f) => f.name === 'ActivityFailure');
  return !insideActivity && isDeadline(failure);
}

function namesOf({ workflowId, flow }: RunRef): { pathspec: string; runId: string; workflowId: string } {
  const runId = runIdOf(workflowId);
  return { pathspec: `${flow}/${runId}`, runId, workflowId };
}
