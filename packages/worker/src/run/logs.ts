import { MftError, taskIdOf } from '@mft/graph';
import type { StoredLogLine, StoredPlace } from '@mft/step-runner';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { readMemo } from '../deployment/record.js';
import { findRun } from './find.js';
import type { RunMemo } from './memo.js';
import { describeOutcome } from './outcome.js';
import { summaryOf, type RunSummary } from './summary.js';

/** Which lines of a run are read. */
export interface LogsQuery {
  /** Step, label (`train[3]`) or `step/task`. @defaultValue all tasks */
  readonly of?: string | undefined;
  readonly streams?: readonly StoredLogLine['stream'][];
  /** Go on until the run ends. @defaultValue false */
  readonly follow?: boolean;
  /** Python with Metaflow. @defaultValue as a worker finds it */
  readonly python?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/** Whose lines were read. */
export interface LogsOf {
  readonly run: RunSummary;
  /** The one task that was asked for. */
  readonly single: boolean;
}

/**
 * Read what the tasks of a run have printed, from Metaflow's datastore: of running tasks what was saved so far. No worker is needed.
 *
 * @param name - Metaflow's run id, a pathspec (of a step or a task, too), or a workflow id
 * @param begin - told once which run it is; returns what takes the lines
 * @throws MftError `RUN_NOT_FOUND`, `NO_LOGS` where there is no such step or task, `LOGS_UNREADABLE` (exit status 1 each)
 * @example
 * ```ts
 * await readLogs(client, 'HelloFlow/temporal-HelloFlow-1', { of: 'train' }, () => ({ line }) => console.log(line));
 * ```
 */
export async function readLogs(
  client: Client,
  name: string,
  query: LogsQuery,
  begin: (of: LogsOf) => (line: StoredLogLine) => void,
): Promise<RunSummary> {
  const found = await findRun(client, name);
  const run = summaryOf(found);
  const { readStoredLogs } = await import('@mft/step-runner');
  const { step, task } = taskOf(query.of ?? name.split('/').slice(2).join('/'));
  const place = await placeOfRun(client, found, run);
  const follow = query.follow === true && run.status === 'running';
  const { steps, tasks } = await readStoredLogs(
    place,
    {
      ...{ run: run.runId, step, task },
      ...(query.streams === undefined ? {} : { streams: query.streams }),
      ...(follow ? { until: describeOutcome(client, run) } : {}),
    },
    begin({ run, single: task !== undefined }),
    {
      ...(query.python === undefined ? {} : { python: query.python }),
      ...(query.env === undefined ? {} : { env: query.env }),
    },
  );
  if (tasks === 0 && step !== undefined) {
    throw new MftError(
      'NO_LOGS',
      `The run ${run.pathspec} has no task ${task === undefined ? `of step "${step}"` : `"${step}/${task}"`}.`,
      {
        hint: steps.length === 0 ? 'None of its steps has begun.' : `Steps that have begun: ${steps.join(', ')}`,
        exitCode: 1,
      },
    );
  }
  return run;
}

/**
 * The step and the task that a word names: a step, a label as logs show it, or step and task id.
 *
 * @example
 * ```ts
 * taskOf('train[3]'); // { step: 'train', task: 'temporal-train-3-0' }
 * ```
 */
export function taskOf(word: string): { readonly step?: string; readonly task?: string } {
  if (word === '') return {};
  const [step = '', task] = word.split('/');
  if (task !== undefined && task !== '') return { step, task };
  const [, name, index, visit] = /^(\w+)(?:\[(\d+(?:,\d+)*)\])?(?:#(\d+))?$/.exec(step) ?? [];
  if (name === undefined || (index === undefined && visit === undefined)) return { step };
  const indices = index === undefined ? [] : index.split(',').map(Number);
  return { step: name, task: taskIdOf({ step: name, index: indices, visit: Number(visit ?? 0) }) };
}

/** Where the run's logs lie: its memo says; of a run that another client started, its deployment's record. */
async function placeOfRun(
  client: Client,
  { memo }: WorkflowExecutionDescription,
  { deployment, flow, pathspec }: RunSummary,
): Promise<StoredPlace> {
  const [own] = ((memo ?? {}) as Partial<RunMemo>).places ?? (await readMemo(client, deployment))?.places ?? [];
  if (own !== undefined) return { ...own, flow };
  throw new MftError('LOGS_UNREADABLE', `Nothing says in which datastore the logs of ${pathspec} lie.`, {
    hint: `Record its deployment "${deployment}" again with "mft create".`,
    exitCode: 1,
  });
}
