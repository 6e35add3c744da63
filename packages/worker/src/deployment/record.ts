import { METAFLOW_WORKFLOW, scheduleIdOf, type FlowConfig, type RunInput } from '@mft/graph';
import type { Client, ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import { endJoiner, endStaleJoiner } from '../events/joiner.js';
import { markWaiting, unmarkWaiting } from '../events/waiting.js';
import { notFound, taken } from './errors.js';
import { readEach } from './many.js';
import { deploymentNames, untilListed, WAITING_PREFIX } from './names.js';
import { onceStarted } from './patient.js';
import { namespaceNotFound } from '../run/start.js';
import { packDeployment, unpackDeployment, type DeploymentMemo } from './packing.js';
import { timesOf, timesRefused, type ScheduleTimes } from './times.js';

/*
 * The record of a deployment: one Temporal Schedule, so that any machine that reaches the namespace can list, trigger and serve it.
 *
 * D1. The schedule's own memo says only that it is ours, and whose: Temporal sets it once. What changes lies in the action's memo.
 * D2. An older deployment never overwrites a newer one, whoever records it, and however late.
 * D3. Recording leaves a pause, its note and running runs alone; so does deleting, but for the pause.
 * D4. A schedule that is not ours is never touched.
 * D5. The times of a flow's `@schedule` are those of the record: gone with the decorator, and with the record.
 */

/** What a deployment's record says without its config. */
export interface DeploymentSummary {
  readonly name: string;
  /** Name of the flow. */
  readonly flow: string;
  /** Hash of the config. */
  readonly hash: string;
  readonly taskQueue: string;
  /** ISO time at which it was created. */
  readonly createdAt: string;
}

/** A recorded deployment, with all that a worker must know to run it. */
export interface DeploymentRecord extends DeploymentSummary {
  readonly config: FlowConfig;
}

/** What became of a deployment that was to be recorded. */
export interface Recorded {
  /** `kept` where a newer one is on record, or this one already. */
  readonly outcome: 'created' | 'updated' | 'kept';
  /** What is on record now. */
  readonly record: DeploymentRecord;
}

/** What is recorded beside the config. */
export interface RecordOptions {
  readonly hash: string;
  /** ISO time. */
  readonly createdAt: string;
  /** Wait until lists show a new deployment, for five seconds at most. @defaultValue false */
  readonly listed?: boolean;
}

/** How a config is read where the record does not hold it. */
export interface ReadOptions {
  /** Python with Metaflow. @defaultValue `METAFLOW_PYTHON`, the active virtual environment's, the one that compiled the flow, `python3` */
  readonly python?: string;
  /** @defaultValue the process's */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Record a deployment, so that it can be listed, triggered and served from anywhere.
 *
 * @throws MftError `DEPLOYMENT_ID_TAKEN` where a schedule of that id exists that is none of ours
 * @throws MftError `SCHEDULE_REFUSED` where the server does not know the zone of the flow's `@schedule`
 * @throws ScheduleError where no calendar has its times
 * @example
 * ```ts
 * const { outcome } = await recordDeployment(client, config, { hash: configHash(config), createdAt: new Date().toISOString() });
 * ```
 */
export async function recordDeployment(
  client: Client,
  config: FlowConfig,
  { hash, createdAt, listed = false }: RecordOptions,
): Promise<Recorded> {
  const { upsertSchedule } = await import('@mft/schedule');
  const there = await describe(client, config.name);
  if (there !== undefined && !isOurs(there)) throw taken(scheduleIdOf(config.name));
  const memo = await packDeployment(config, { hash, createdAt }, there && memoOf(there));
  const keep = (current: ScheduleDescription): boolean => {
    if (!isOurs(current)) throw taken(scheduleIdOf(config.name));
    // Compared as text: ISO times of one form sort by time.
    return (memoOf(current)?.createdAt ?? '') >= createdAt;
  };
  const options = scheduleOf(config, hash, memo, await timesOf(config));
  const marked = memo.triggers !== undefined && (await markWaiting(client, config.name, config.taskQueue));
  const { outcome } = await upsertSchedule(client, options, { keep }).catch((error: unknown) => {
    throw timesRefused(config, error);
  });
  if (outcome === 'updated') {
    await endStaleJoiner(client, config.name, (there && memoOf(there)) ?? {}, memo);
    if (memo.triggers === undefined) await unmarkWaiting(client, config.name);
  }
  if (listed && outcome === 'created') await untilListed(client, config.name);
  if (listed && marked) await untilListed(client, config.name, WAITING_PREFIX);
  const record = outcome === 'kept' ? await readDeployment(client, config.name) : { ...summaryOf(memo), config };
  return { outcome, record };
}

/**
 * Read a deployment's record.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, with the name that was probably meant; `CONFIG_NOT_FOUND`, `UNKNOWN_CONFIG_VERSION`
 * @example
 * ```ts
 * const { config, hash } = await readDeployment(client, 'HelloFlow');
 * ```
 */
export async function readDeployment(
  client: Client,
  name: string,
  options: ReadOptions = {},
): Promise<DeploymentRecord> {
  const memo = await readMemo(client, name);
  if (memo === undefined) throw await notFound(client, name);
  return { ...summaryOf(memo), config: await unpackDeployment(memo, options) };
}

/**
 * All recorded deployments of a namespace, sorted by name.
 *
 * @example
 * ```ts
 * for (const { name, createdAt } of await listDeployments(client)) console.log(name, createdAt);
 * ```
 */
export async function listDeployments(client: Client): Promise<DeploymentSummary[]> {
  const names = await deploymentNames(client);
  const memos = await readEach(client, names, (name) => readMemo(client, name));
  // What was deleted since it was listed is left out.
  const summaries = memos.filter((memo) => memo !== undefined).map(summaryOf);
  return summaries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Delete a deployment's record. Its running runs are left alone; its code package stays in the datastore.
 *
 * @throws MftError `DEPLOYMENT_NOT_FOUND`, with the name that was probably meant
 * @example
 * ```ts
 * await deleteDeployment(client, 'HelloFlow');
 * ```
 */
export async function deleteDeployment(client: Client, name: string): Promise<void> {
  if ((await readMemo(client, name)) === undefined) throw await notFound(client, name);
  try {
    await client.schedule.getHandle(scheduleIdOf(name)).delete();
  } catch (error) {
    throw isAbsent(error) ? await notFound(client, name) : error;
  }
  await Promise.all([endJoiner(client, name, 'The deployment was deleted.'), unmarkWaiting(client, name)]);
}

/**
 * The memo of a recorded deployment; undefined where there is none of that name.
 *
 * @example
 * ```ts
 * const memo = await readMemo(client, 'HelloFlow');
 * ```
 */
export async function readMemo(client: Client, name: string): Promise<DeploymentMemo | undefined> {
  return (await describeRecord(client, name))?.memo;
}

/**
 * Make sure that deployments can be recorded, before anything is made that is to be.
 *
 * @throws MftError `NAMESPACE_NOT_FOUND`
 * @example
 * ```ts
 * await checkNamespace(client);
 * ```
 */
export async function checkNamespace(client: Client): Promise<void> {
  await describe(client, '');
}

/** What a memo says without its config. */
export function summaryOf({ deployment, flow, configHash, taskQueue, createdAt }: DeploymentMemo): DeploymentSummary {
  return { name: deployment, flow, hash: configHash, taskQueue, createdAt };
}

function scheduleOf(config: FlowConfig, hash: string, memo: DeploymentMemo, times: ScheduleTimes): ScheduleOptions {
  return {
    scheduleId: scheduleIdOf(config.name),
    ...times,
    memo: { mft: 1, deployment: config.name },
    action: {
      type: 'startWorkflow',
      workflowType: METAFLOW_WORKFLOW,
      workflowId: config.name,
      taskQueue: config.taskQueue,
      args: [{ hash } satisfies RunInput],
      memo: { ...memo },
      staticSummary: config.flow.name,
    },
  };
}

/** What Temporal says of a deployment's record; undefined where there is none of that name. */
export async function describeRecord(
  client: Client,
  name: string,
): Promise<{ readonly description: ScheduleDescription; readonly memo: DeploymentMemo } | undefined> {
  const description = await describe(client, name);
  const memo = description !== undefined && isOurs(description) ? memoOf(description) : undefined;
  return description === undefined || memo === undefined ? undefined : { description, memo };
}

async function describe(client: Client, name: string): Promise<ScheduleDescription | undefined> {
  try {
    return await onceStarted(() => client.schedule.getHandle(scheduleIdOf(name)).describe());
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (error instanceof Error && error.name === 'NamespaceNotFoundError')
      throw namespaceNotFound(client.options.namespace, error);
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && error.name === 'ScheduleNotFoundError';
}

function isOurs({ memo }: ScheduleDescription): boolean {
  return memo?.['mft'] !== undefined;
}

function memoOf({ action }: ScheduleDescription): DeploymentMemo | undefined {
  const memo = action.memo as Partial<DeploymentMemo> | undefined;
  return memo?.configHash === undefined || memo.createdAt === undefined ? undefined : (memo as DeploymentMemo);
}
