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

/** Events that one execution takes, unless more have come before it could take any. */
const MOST = 500;
/** Runs that are started at a time. */
const AT_ONCE = 100;

/**
 * Joins events of a deployment that waits for several, and starts its runs. Goes on for as long as the deployment is there: it
 * continues as new again and again, and no cancel that reaches it ends a run.
 */
export async function joinEvents({ continued }: TriggerArgument): Promise<void> {
  const inbox: ArrivedEvent[] = [];
  setHandler(defineSignal<[ArrivedEvent]>(EVENT_SIGNAL), (arrived) => void inbox.push(arrived));
  let state = continued ?? initialJoin();
  let taken = 0;
  while (taken < MOST && !workflowInfo().continueAsNewSuggested) {
    setCurrentDetails(detailsOf(state));
    await condition(() => inbox.length > 0);
    // All that has come: no execution may end with an event that it has not taken.
    while (inbox.length > 0) {
      const starts: JoinedRun[] = [];
      for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
        const joined = join(state, next);
        ({ state } = joined);
        taken += 1;
        if (joined.start !== undefined) starts.push(joined.start);
      }
      for (let i = 0; i < starts.length; i += AT_ONCE) await Promise.all(starts.slice(i, i + AT_ONCE).map(begin));
    }
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
