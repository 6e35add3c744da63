import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { expect } from 'vitest';
import { COMPENSATION_MEMO, type Compensation, type Plan } from '@mft/graph';
import { policyOf } from './graphs.js';

/** What a run that does not complete ends with. */
export async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

/** What a run that has ended says of its undoing. */
export async function memoOf(handle: WorkflowHandle): Promise<Compensation | undefined> {
  return (await handle.describe()).memo?.[COMPENSATION_MEMO] as Compensation | undefined;
}

/** A plan in which some steps can be undone. */
export const undoable = (plan: Plan, ...steps: string[]): Plan => ({
  ...plan,
  policies: { ...plan.policies, ...Object.fromEntries(steps.map((step) => [step, policyOf(`undo_${step}`)])) },
});
