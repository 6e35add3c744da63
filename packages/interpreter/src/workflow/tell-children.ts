import { SUSPEND_SIGNAL, UNSUSPEND_SIGNAL } from '@mft/graph';
import { CancellationScope, getExternalWorkflowHandle, sleep } from '@temporalio/workflow';
import type { EngineState } from '../engine/state.js';

/** Milliseconds before a child that could not be told is told again: it may not have started yet. */
const AGAIN = 1000;

/**
 * Passes `suspend` or `unsuspend` on to the children in flight, until each has heard it, has ended, or something newer is to be told.
 *
 * A child may continue as new at any time: the signal goes to its workflow id, and what it was told lies in its state.
 *
 * @param current - the state as it is now, asked again after each wait
 */
export function tellChildren(workflowId: string, suspended: boolean, current: () => EngineState): void {
  for (const name of Object.keys(current().children)) {
    void CancellationScope.nonCancellable(() => tell(`${workflowId}.${name}`, name, suspended, current));
  }
}

async function tell(id: string, name: string, suspended: boolean, current: () => EngineState): Promise<void> {
  const signal = suspended ? SUSPEND_SIGNAL : UNSUSPEND_SIGNAL;
  for (;;) {
    const { children, suspended: now = false } = current();
    if (!(name in children) || now !== suspended) return;
    try {
      await getExternalWorkflowHandle(id).signal(signal);
      return;
    } catch {
      await sleep(AGAIN);
    }
  }
}
