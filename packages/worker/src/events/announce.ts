import { finishNames, taskIdOf, type AnnounceRunInput, type FlowConfig } from '@mft/graph';
import type { Client } from '@temporalio/client';
import type { EventToPublish } from './event.js';
import { createPublisher } from './publish.js';

/**
 * What tells the deployments that wait for a flow that a run of it has completed.
 *
 * @param client - used when a run is announced
 * @example
 * ```ts
 * const runner = createStepActivities({ config, hash, announce: createAnnouncer(() => client) });
 * ```
 */
export function createAnnouncer(
  client: () => Client | Promise<Client>,
): (config: FlowConfig, run: AnnounceRunInput) => Promise<void> {
  let publisher: Promise<ReturnType<typeof createPublisher>> | undefined;
  return async (config, run) => {
    publisher ??= Promise.resolve(client()).then((connected) => createPublisher(connected));
    for (const event of finishEvents(config, run)) await (await publisher).publish(event);
  };
}

/**
 * The events by which a completed run is announced: the fields are those of Metaflow's other orchestrators. Their id is the pathspec of
 * the run's last task, so that a repetition is dropped, and `current.trigger.run` finds the run.
 *
 * @example
 * ```ts
 * finishEvents(config, run)[0].name; // 'metaflow.TrainFlow.end'
 * ```
 */
export function finishEvents(
  { flow, project, plan }: FlowConfig,
  { runId, timestamp }: AnnounceRunInput,
): EventToPublish[] {
  const step = plan.graph.end;
  const task = taskIdOf({ step, index: [], visit: 0 });
  const pathspec = [flow.name, runId, step, task].join('/');
  const named = project === undefined ? flow.name : `${project.name}.${project.branch}.${flow.name}`;
  const payload = {
    pathspec,
    flow_name: flow.name,
    run_id: runId,
    step_name: step,
    task_id: task,
    ...(project === undefined
      ? {}
      : {
          project_name: project.name,
          branch_name: project.branch,
          is_production: project.production,
          project_flow_name: named,
        }),
    'auto-generated-by-metaflow': true,
  };
  return finishNames(named, step).map((name) => ({ name, id: pathspec, timestamp, payload }));
}
