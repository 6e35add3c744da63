import { MftError } from '@mft/graph';
import { execa } from 'execa';
import { launcherEnvironment, pythonOf } from './environment.js';
import type { StepRunnerOptions } from './options.js';
import type { StoredPlace } from './stored.js';

/** One line that a task has printed, as it lies in the datastore. */
export interface StoredLogLine {
  readonly step: string;
  /** Metaflow's task id. */
  readonly task: string;
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
  /** When it was printed, ISO 8601 in UTC; null where that was not stored. */
  readonly time: string | null;
  readonly line: string;
}

/** Which logs are read. */
export interface StoredLogsQuery {
  /** Metaflow's run id. */
  readonly run: string;
  /** Only of this step. */
  readonly step?: string | undefined;
  /** Only of this task of the step. */
  readonly task?: string | undefined;
  /** @defaultValue both */
  readonly streams?: readonly StoredLogLine['stream'][];
  /** Go on with what comes until this is settled, and then once more over everything. @defaultValue what there is now */
  readonly until?: Promise<unknown> | undefined;
}

/** What was there to be read. */
export interface StoredLogsEnd {
  /** Steps that have begun, in that order. */
  readonly steps: readonly string[];
  /** Tasks that fit the query. */
  readonly tasks: number;
}

/**
 * Read the logs of a run from its datastore, with Metaflow's own classes: a Python process for as long as it takes.
 *
 * @param onLine - called with each line: step by step, task by task; while following, as they are saved
 * @throws MftError `LOGS_UNREADABLE` (exit status 1) where Python, Metaflow or the datastore fail
 *
 * @example
 * ```ts
 * await readStoredLogs(placeOf(config), { run: 'temporal-HelloFlow-1' }, ({ line }) => console.log(line));
 * ```
 */
export async function readStoredLogs(
  place: StoredPlace,
  query: StoredLogsQuery,
  onLine: (line: StoredLogLine) => void,
  options: Pick<StepRunnerOptions, 'python' | 'extensionPath' | 'env'> = {},
): Promise<StoredLogsEnd> {
  const env = options.env ?? process.env;
  const python = pythonOf(place, options, env);
  const { run, step, task, streams = ['stdout', 'stderr'], until } = query;
  const { flow, datastore, fixed } = place;
  const reading = execa(python, ['-m', 'metaflow_extensions.temporal.logs_reader'], {
    env: launcherEnvironment(place, options, env, python),
    extendEnv: false,
    reject: false,
    // What is read goes to `onLine`, and is not kept.
    buffer: { stdout: false },
    cleanup: true,
  });
  const wanted = { datastore, fixed, flow, run, step, task, streams, follow: until !== undefined };
  // A process that could not start has no one to tell.
  reading.stdin.on('error', () => undefined);
  reading.stdin.write(`${JSON.stringify(wanted)}\n`);
  const stop = (): unknown => reading.stdin.end();
  if (until === undefined) stop();
  else void until.then(stop, stop);
  let end: StoredLogsEnd | undefined;
  const reader = reading.iterable();
  try {
    for await (const text of reader) {
      const value = JSON.parse(text) as StoredLogLine | StoredLogsEnd;
      if ('steps' in value) end = value;
      else onLine(value);
    }
  } catch {
    // The result below says what happened.
  }
  const result = await reading;
  if (result.exitCode === 0 && end !== undefined) return end;
  const said = result.stderr.trim().split('\n').at(-1) || result.shortMessage || 'Python ended without a word';
  throw new MftError(
    'LOGS_UNREADABLE',
    `The logs of ${flow}/${run} cannot be read from the ${datastore.type} datastore at ${datastore.root}: ${said}`,
    { hint: `Python is "${python}"; another one is named by --python or METAFLOW_PYTHON.`, exitCode: 1 },
  );
}
