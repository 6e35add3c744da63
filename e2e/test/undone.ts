import { existsSync, readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { historyOf } from '../lib/temporal.mjs';

/** What a handler of `fixtures/saga` wrote of itself. */
export interface Line {
  readonly handler: string;
  readonly run: string;
  readonly task: string;
  readonly key: string;
  readonly attempt: number;
  readonly failed_step: string | null;
  readonly type: string;
  readonly message: string;
  readonly value?: unknown;
  readonly index?: number;
  readonly input?: unknown;
  readonly stack?: readonly number[];
}

/** The lines of one run, in the order in which handlers wrote them. */
export function linesOf(file: string, runId: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Line).filter(({ run }) => run === runId);
}

/**
 * What Temporal's history says of one execution: ids of the tasks of these steps in the order in which they completed, and of those that
 * were undone in the order in which that was begun.
 */
export async function ordersOf(
  client: Client,
  workflowId: string,
  steps: readonly string[],
): Promise<{ completed: string[]; undone: string[] }> {
  const scheduled = new Map<string, string>();
  const [completed, undone]: [string[], string[]] = [[], []];
  const ours = new RegExp(`^temporal-(${steps.join('|')})-[0-9_]`);
  for (const event of await historyOf(client, workflowId)) {
    const id = event.activityTaskScheduledEventAttributes?.activityId;
    if (id) {
      scheduled.set(String(event.eventId), id);
      if (id.startsWith('compensate-')) undone.push(id.slice('compensate-'.length));
    }
    const done = scheduled.get(String(event.activityTaskCompletedEventAttributes?.scheduledEventId));
    if (done !== undefined && ours.test(done)) completed.push(done);
  }
  return { completed, undone };
}

/** The first indices of the children that a run had over ranges of a step, in the order in which they completed. */
export async function childrenOf(client: Client, workflowId: string, step: string): Promise<number[]> {
  const events = await historyOf(client, workflowId);
  const ids = events.map(
    (event) => event.childWorkflowExecutionCompletedEventAttributes?.workflowExecution?.workflowId,
  );
  const begin = `${workflowId}.${step}.`;
  return ids.flatMap((id) => (id?.startsWith(begin) ? [parseInt(id.slice(begin.length), 10)] : []));
}
