import { addCompensation, COMPENSATION_MEMO, type Compensation } from '@mft/graph';
import type { Client } from '@temporalio/client';

const NONE: Compensation = { total: 0, compensated: [], failed: [], unreached: [] };

/**
 * What undoing a run that has ended came to: the run wrote it into its memo, so that no worker need be asked. Undefined where there was
 * nothing to undo.
 *
 * @example
 * ```ts
 * const { failed = [] } = (await readCompensation(client, 'HelloFlow-x7k2m0ab')) ?? {};
 * ```
 */
export async function readCompensation(client: Client, workflowId: string): Promise<Compensation | undefined> {
  const { memo } = await client.workflow.getHandle(workflowId).describe();
  const found = memo?.[COMPENSATION_MEMO];
  // Anybody may write into a memo.
  return isCompensation(found) ? addCompensation(found, NONE) : undefined;
}

function isCompensation(value: unknown): value is Compensation {
  if (typeof value !== 'object' || value === null) return false;
  const { total, compensated, failed, unreached } = value as Partial<Record<keyof Compensation, unknown>>;
  return typeof total === 'number' && [compensated, failed, unreached].every((list) => Array.isArray(list));
}
