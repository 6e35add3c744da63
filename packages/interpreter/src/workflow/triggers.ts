import { deploymentOfSchedule, type RunInput, type TriggerEvent } from '@mft/graph';
import { defineSearchAttributeKey } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

const DUE = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
const BY = defineSearchAttributeKey('TemporalScheduledById', 'KEYWORD');

/** What started this run: what its starter says, and the schedule whose run it is. */
export function triggersOf({ triggers = [] }: RunInput): readonly TriggerEvent[] {
  const scheduled = scheduleOf();
  return scheduled === undefined ? triggers : [...triggers, scheduled];
}

/** Temporal marks the runs of its schedules with search attributes: the schedule, and the time for which the run was due. */
function scheduleOf(): TriggerEvent | undefined {
  const { workflowId, typedSearchAttributes } = workflowInfo();
  const at = typedSearchAttributes.get(DUE);
  const by = typedSearchAttributes.get(BY);
  if (at === undefined || by === undefined) return undefined;
  return {
    type: 'schedule',
    name: deploymentOfSchedule(by),
    id: workflowId,
    timestamp: Math.floor(at.getTime() / 1000),
  };
}
