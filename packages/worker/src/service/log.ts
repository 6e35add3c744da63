import { stripVTControlCharacters } from 'node:util';
import { createConsola } from 'consola/basic';
import type { LauncherLogLine, TaskLogLine } from '@mft/step-runner';
import { colorsFor, type OutputStream } from '../display/format.js';
import { asShown, logFormatter } from '../display/logs.js';
import type { Logger } from '../worker/logger.js';

/** Where and how a worker process logs. */
export interface WorkerLogOptions {
  readonly format: 'text' | 'json';
  /** Show details that only a developer wants. */
  readonly debug?: boolean | undefined;
  readonly stdout?: OutputStream & { write(text: string): unknown };
  readonly stderr?: OutputStream & { write(text: string): unknown };
}

/** All that a worker process says. */
export interface WorkerLog {
  readonly logger: Logger;
  /** A line that a task printed: it goes where the task sent it. */
  readonly taskLine: (line: TaskLogLine) => void;
  /** A line that a launcher itself printed. */
  readonly launcherLine: (line: LauncherLogLine) => void;
}

/**
 * The log of a worker process: lines for people, or one JSON object a line,
 * `{time, level, message, flow?, run?, step?, task?, attempt?, stream?, …}`, on standard output, warnings and errors on standard error.
 *
 * @example
 * ```ts
 * const { logger, taskLine } = createWorkerLog({ format: 'json' });
 * logger.info('polling'); // {"time":"2026-01-31T12:00:00.000Z","level":"info","message":"polling"}
 * ```
 */
export function createWorkerLog(options: WorkerLogOptions): WorkerLog {
  return options.format === 'json' ? jsonLog(options) : textLog(options);
}

function textLog({ debug, stdout = process.stdout, stderr = process.stderr }: WorkerLogOptions): WorkerLog {
  const streams = { stdout, stderr };
  const formats = { stdout: logFormatter(colorsFor(stdout)), stderr: logFormatter(colorsFor(stderr)) };
  return {
    logger: createConsola({
      level: debug === true ? 4 : 3,
      // It only writes to them.
      stdout: stdout as never,
      stderr: stderr as never,
    }),
    taskLine: (line) => void streams[line.stream].write(`${formats[line.stream](line)}\n`),
    launcherLine: ({ line }) => void stderr.write(`[launcher] ${line}\n`),
  };
}

function jsonLog({ debug, stdout = process.stdout, stderr = process.stderr }: WorkerLogOptions): WorkerLog {
  const print = (stream: OutputStream, time: number, level: string, message: string, fields: object): void => {
    stream.write(`${JSON.stringify({ time: new Date(time).toISOString(), level, message, ...fields })}\n`);
  };
  const entry: Required<Logger>['entry'] = (level, message, fields) => {
    if (level === 'debug' && debug !== true) return;
    print(level === 'warn' || level === 'error' ? stderr : stdout, Date.now(), level, message, fields);
  };
  return {
    logger: {
      debug: (message) => entry('debug', message, {}),
      info: (message) => entry('info', message, {}),
      warn: (message) => entry('warn', message, {}),
      error: (message) => entry('error', message, {}),
      entry,
    },
    taskLine: ({ flow, run, step, taskId, attempt, stream, line, time }) =>
      print({ stdout, stderr }[stream], time, 'info', stripVTControlCharacters(asShown(line)), {
        ...{ flow, run, step, task: taskId, attempt, stream },
      }),
    launcherLine: ({ flow, line, time, stream }) =>
      print(stderr, time, 'info', line, { source: 'launcher', flow, stream }),
  };
}
