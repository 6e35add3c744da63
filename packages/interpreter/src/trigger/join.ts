import type { ArrivedEvent, RunInput } from '@mft/graph';

/*
 * Joining the events of a deployment that waits for several: a pure reducer, as the engine is.
 *
 * J1. An event is taken once: its key is remembered, the last `MEMORY` of them.
 * J2. Of each name the event that came last counts.
 * J3. An event that waits is forgotten when its time has come, by the publishers' clocks: how long no worker was there does not matter.
 * J4. What the newest event says of names and of the run holds: it was published by the newest record.
 * J5. The events that start a run are used up by it.
 */

/** Keys of events that are remembered. A publisher repeats itself within minutes. */
export const MEMORY = 1000;

/** Events that wait for others, by name, and what was seen. */
export interface JoinState {
  readonly waiting: Readonly<Record<string, Waiting>>;
  readonly seen: readonly string[];
}

type Waiting = Pick<ArrivedEvent, 'event' | 'params' | 'expires'>;

/** A run that is to be started. */
export interface JoinedRun extends Omit<ArrivedEvent['run'], 'deployment' | 'input'> {
  readonly workflowId: string;
  readonly input: RunInput;
}

/**
 * Nothing has come yet.
 *
 * @example
 * ```ts
 * initialJoin().seen; // []
 * ```
 */
export function initialJoin(): JoinState {
  return { waiting: {}, seen: [] };
}

/**
 * Take an event.
 *
 * @returns the new state, and the run that starts where this was the last event missing
 * @example
 * ```ts
 * const { state, start } = join(initialJoin(), arrived);
 * ```
 */
export function join(
  { waiting, seen }: JoinState,
  arrived: ArrivedEvent,
): { readonly state: JoinState; readonly start?: JoinedRun } {
  const { event, key, params, names, at, expires, run } = arrived;
  if (seen.includes(key)) return { state: { waiting, seen } };
  const remembered = [...seen, key].slice(-MEMORY);
  const fresh = Object.entries(waiting).filter(
    ([name, one]) => names.includes(name) && (one.expires === undefined || one.expires > at),
  );
  const all: Record<string, Waiting> = {
    ...Object.fromEntries(fresh),
    [event.name]: { event, params, ...(expires === undefined ? {} : { expires }) },
  };
  const found = names.flatMap((name) => all[name] ?? []);
  if (found.length < names.length) return { state: { waiting: all, seen: remembered } };
  const { flow, deployment, taskQueue, memo, input } = run;
  const start = {
    flow,
    taskQueue,
    memo,
    // Of the event that completes the set, which no other set holds.
    workflowId: `${deployment}-${key}`,
    input: {
      ...input,
      params: Object.assign({}, ...found.map((one) => one.params)) as Record<string, unknown>,
      triggers: found.map((one) => one.event),
    },
  };
  return { state: { waiting: {}, seen: remembered }, start };
}
