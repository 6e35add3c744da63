/** One line that a task printed. */
export interface TaskLogLine {
  /** Name of the flow. */
  readonly flow: string;
  /** Metaflow's run id. */
  readonly run: string;
  readonly step: string;
  /** The name a person reads: `train`, `train[3]`, `loop#4`. */
  readonly label: string;
  readonly taskId: string;
  /** Metaflow's attempt number, from 0. */
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
  /** The line without its newline. */
  readonly line: string;
  /** When it arrived here, in milliseconds since the epoch. */
  readonly time: number;
}

/** One line that a launcher itself printed: no task's output, but what explains why it would not start. */
export interface LauncherLogLine {
  readonly flow: string;
  /** Hash of the config that the launcher serves. */
  readonly hash: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
  /** When it arrived here, in milliseconds since the epoch. */
  readonly time: number;
}

/**
 * A log line as a worker prints it: the task in brackets, then what it printed. A retry is marked by its number.
 *
 * @example
 * ```ts
 * const runner = createStepActivities({ config, hash, onLog: (line) => console.error(formatLogLine(line)) });
 * // [train[3]] hello
 * // [train[3] retry 1] hello
 * ```
 */
export function formatLogLine(line: Pick<TaskLogLine, 'label' | 'attempt' | 'line'>): string {
  const retry = line.attempt > 0 ? ` retry ${line.attempt}` : '';
  return `[${line.label}${retry}] ${line.line}`;
}
