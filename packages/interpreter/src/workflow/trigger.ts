import { EVENT_SIGNAL, METAFLOW_WORKFLOW, type ArrivedEvent } from '@mft/graph';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  condition,
  defineSignal,
  log,
  makeContinueAsNewFunc,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { initialJoin, join, type JoinedRun, type JoinState } from '../trigger/join.js';

/** The one argument of `MetaflowTriggerWorkflow`: absent, or what it hands on to itself. */
export interface TriggerArgument {
  readonly continued?: JoinState;
}

/** Events that one execution takes, as long as it is told of no reason to end sooner. */
const MOST = 500;

/**
 * Joins events of a deployment that waits for several, and starts its runs. Goes on for as long as the deployment is there: it
 * continues as new again and again, and no cancel that reaches it ends a run.
 */
export async function joinEvents({ continued }: TriggerArgument): Promise<void> {
  const inbox: ArrivedEvent[] = [];
  setHandler(defineSignal<[ArrivedEvent]>(EVENT_SIGNAL), (arrived) => void inbox.push(arrived));
  let state = continued ?? initialJoin();
  let taken = 0;
  for (;;) {
    const arrived = inbox.shift();
    if (arrived === undefined) {
      if (taken >= MOST || workflowInfo().continueAsNewSuggested) break;
      setCurrentDetails(detailsOf(state));
      await condition(() => inbox.length > 0);
      continue;
    }
    taken += 1;
    const next = join(state, arrived);
    ({ state } = next);
    if (next.start !== undefined) await begin(next.start);
  }
  await makeContinueAsNewFunc<typeof joinEvents>()({ continued: state });
}

/** Accepted by the server once this resolves, whether or not a worker is there for it. */
async function begin({ workflowId, flow, taskQueue, memo, input }: JoinedRun): Promise<void> {
  try {
    await startChild(METAFLOW_WORKFLOW, {
      workflowId,
      taskQueue,
      args: [input],
      memo: { ...memo },
      staticSummary: flow,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
  } catch (error) {
    // Started by a joiner before this one, which was ended.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    log.info(`The run ${workflowId} has been started before.`);
  }
}

function detailsOf({ waiting }: JoinState): string {
  const names = Object.keys(waiting);
  if (names.length === 0) return 'No event is waiting for others.';
  return ['Waiting for others:', '', ...names.map((name) => `- \`${name}\``)].join('\n');
}
