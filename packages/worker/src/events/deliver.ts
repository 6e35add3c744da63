import {
  checkParameters,
  EVENT_SIGNAL,
  isMftError,
  parametersOf,
  TRIGGER_WORKFLOW,
  type ArrivedEvent,
  type FlowConfig,
  type FlowTriggers,
  type TriggerEvent,
} from '@mft/graph';
import type { Client } from '@temporalio/client';
import type { ReadOptions } from '../deployment/record.js';
import { memoOf } from '../run/memo.js';
import { startRun, type StartedRunInfo } from '../run/start.js';
import type { Configs } from './configs.js';
import { keyOf, type CheckedEvent } from './event.js';
import { joinerIdOf } from './joiner.js';
import type { Subscriber } from './subscribers.js';

/** What became of an event at one deployment. */
export type Delivery =
  | { readonly outcome: 'started'; readonly run: StartedRunInfo }
  | { readonly outcome: 'duplicate' }
  /** It waits for the other events; the last one starts the run. */
  | { readonly outcome: 'pending' };

/**
 * Bring an event to a deployment that waits for it.
 *
 * The id of the run is made of the deployment, the event's name and its id: however often this is repeated, one run starts.
 *
 * @throws MftError where the deployment cannot take the event: as `checkParameters` of `@mft/graph`, `PARAMETERS_TOO_LARGE`,
 * `CONFIG_NOT_FOUND`; anything else is a server's
 * @example
 * ```ts
 * const { outcome } = await deliver(client, subscriber, checkEvent({ name: 'data_ready' }), new Configs());
 * ```
 */
export async function deliver(
  client: Client,
  subscriber: Subscriber,
  published: CheckedEvent,
  configs: Configs,
  options: ReadOptions = {},
): Promise<Delivery> {
  const { memo, source } = subscriber;
  const { deployment, configHash: hash, triggers } = memo;
  const config = await configs.of(memo, options);
  const event: TriggerEvent = { type: source.type, ...published };
  const key = keyOf(deployment, published);
  const given = parametersOf(source, published.payload);
  if (triggers !== undefined && triggers.on.length > 1) {
    // What no event gives is missing however many come.
    const mapped = new Set(triggers.on.flatMap(({ parameters = {} }) => Object.keys(parameters)));
    const specs = config.parameters.filter(({ name }) => name in (source.parameters ?? {}) || !mapped.has(name));
    const params = checkParameters(specs, given);
    await signalJoiner(client, config, hash, triggers, { event, key, params });
    return { outcome: 'pending' };
  }
  const params = checkParameters(config.parameters, given);
  const workflowId = `${config.name}-${key}`;
  try {
    return {
      outcome: 'started',
      run: await startRun(client, config, { params, triggers: [event] }, { hash, workflowId }),
    };
  } catch (error) {
    if (isMftError(error) && error.code === 'RUN_EXISTS') return { outcome: 'duplicate' };
    throw error;
  }
}

async function signalJoiner(
  client: Client,
  config: FlowConfig,
  hash: string,
  triggers: FlowTriggers,
  { event, key, params }: Pick<ArrivedEvent, 'event' | 'key' | 'params'>,
): Promise<void> {
  const { taskQueue } = config;
  const at = Date.now();
  const expires = await expiryOf(triggers, at);
  const arrived: ArrivedEvent = {
    ...{ event, key, params, at },
    names: triggers.on.map(({ name }) => name),
    ...(expires === undefined ? {} : { expires }),
    run: {
      flow: config.flow.name,
      deployment: config.name,
      taskQueue,
      input: { hash },
      memo: { ...memoOf(config, { hash }) },
    },
  };
  await client.workflow.signalWithStart(TRIGGER_WORKFLOW, {
    workflowId: joinerIdOf(config.name),
    taskQueue,
    args: [],
    signal: EVENT_SIGNAL,
    signalArgs: [arrived],
    memo: { mft: 1, deployment: config.name },
    staticSummary: `events of ${config.name}`,
  });
}

/** When an event that waits for others is forgotten, milliseconds since the epoch. */
async function expiryOf({ resetAt, within }: FlowTriggers, at: number): Promise<number | undefined> {
  const times = within === undefined ? [] : [at + within * 1000];
  if (resetAt !== undefined) {
    const { nextRuns } = await import('@mft/schedule');
    const { cron, timezone = 'UTC' } = resetAt;
    times.push(...nextRuns(cron, { timezone, from: new Date(at), count: 1 }).map((time) => time.getTime()));
  }
  return times.length === 0 ? undefined : Math.min(...times);
}
