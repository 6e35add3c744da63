import type { RunInput } from './run.js';

/** Name of the workflow type that joins the events of a deployment that waits for several. */
export const TRIGGER_WORKFLOW = 'MetaflowTriggerWorkflow';

/** Signal of {@link TRIGGER_WORKFLOW}, with one argument, an {@link ArrivedEvent}. */
export const EVENT_SIGNAL = 'event';

/** What started a run: one of Metaflow's events, a run of another flow that ended, or a schedule. */
export interface TriggerEvent {
  readonly type: 'event' | 'run' | 'schedule';
  /** Name of the event (`metaflow.UpstreamFlow.end` of a run), or of the deployment whose schedule it was. */
  readonly name: string;
  /** Of an event: its id. Of a run: pathspec of its end task. Of a schedule: the workflow id of the run that it started. */
  readonly id: string;
  /** When it was published, or the nominal time of the schedule; seconds since the epoch, whole. */
  readonly timestamp: number;
  /** What was published with an event. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** One event that a deployment waits for. */
export interface TriggerSource {
  /** `run`: by `@trigger_on_finish`; what arrives is the end of a run. */
  readonly type: 'event' | 'run';
  readonly name: string;
  /** Parameters of the flow, each with the field of the payload that it gets its value from. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** `@trigger` and `@trigger_on_finish` of a flow: a run starts once all of these events have come. */
export interface FlowTriggers {
  readonly on: readonly TriggerSource[];
  /** `options={"reset_at": …}`: at these times events that have come and wait for others are forgotten. */
  readonly resetAt?: { readonly cron: string; readonly timezone?: string };
  /** `options={"within": …}`: seconds after which an event that waits for others is forgotten. */
  readonly within?: number;
}

/** An event on its way to a deployment that waits for several. */
export interface ArrivedEvent {
  readonly event: TriggerEvent;
  /** Of this event for this deployment: the same however often it is published. */
  readonly key: string;
  /** Parameters that it gives. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Names of all events that the deployment waits for. */
  readonly names: readonly string[];
  /** When it was published, milliseconds since the epoch. */
  readonly at: number;
  /** When it is forgotten unless the others have come, milliseconds since the epoch. */
  readonly expires?: number;
  /** The run that the last of them starts. */
  readonly run: {
    readonly flow: string;
    readonly deployment: string;
    readonly taskQueue: string;
    readonly input: Pick<RunInput, 'hash'>;
    readonly memo: Readonly<Record<string, unknown>>;
  };
}

const plain = (name: string): string => name.replaceAll('-', '_').toLowerCase();

/**
 * The parameters that an event gives to a flow. A field that is not there, or null, gives none; case, and dashes for underscores, matter
 * only where two fields differ in nothing else.
 *
 * @param source - what the deployment waits for
 * @param payload - what was published
 * @example
 * ```ts
 * parametersOf({ type: 'event', name: 'e', parameters: { alpha: 'a' } }, { a: 1, b: 2 }); // { alpha: 1 }
 * ```
 */
export function parametersOf(
  { parameters = {} }: TriggerSource,
  payload: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields = Object.keys(payload);
  const given = Object.entries(parameters).flatMap(([parameter, wanted]) => {
    const alike = fields.filter((field) => plain(field) === plain(wanted));
    const field = fields.includes(wanted) ? wanted : alike.length === 1 ? alike[0] : undefined;
    const value = field === undefined ? undefined : payload[field];
    return value === undefined || value === null ? [] : [[parameter, value] as const];
  });
  return Object.fromEntries(given);
}

/**
 * Names of the events by which a completed run announces itself, as Metaflow's other orchestrators do: `….end`, and the name of its last
 * step where that is another.
 *
 * @param flow - name of the flow, `project.branch.Flow` under `@project`
 * @param end - name of the last step
 * @example
 * ```ts
 * finishNames('shop.prod.TrainFlow', 'end'); // ['metaflow.shop.prod.TrainFlow.end']
 * ```
 */
export function finishNames(flow: string, end: string): string[] {
  return [...new Set([`metaflow.${flow}.end`, `metaflow.${flow}.${end}`])];
}
