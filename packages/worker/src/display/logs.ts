import type { TaskLogLine } from '@mft/step-runner';
import type { Colors } from './format.js';

const PALETTE = ['cyan', 'magenta', 'blue', 'yellow', 'green'] as const;

/**
 * A function that turns a line of a task's output into a line for a terminal or a log: the task's label in brackets (coloured by
 * step), then the text. A retry says which.
 *
 * @example
 * ```ts
 * const format = logFormatter(colorsFor(process.stderr));
 * onLog: (line) => display.log(format(line)); // [train[3]] epoch 1
 * ```
 */
export function logFormatter(colors: Colors): (line: TaskLogLine) => string {
  const colorOf = new Map<string, (text: string) => string>();
  return (line) => {
    const paint = colorOf.get(line.step) ?? colors[PALETTE[colorOf.size % PALETTE.length] ?? 'cyan'];
    colorOf.set(line.step, paint);
    const retry = line.attempt > 0 ? ` retry ${line.attempt}` : '';
    return `${paint(`[${line.label}${retry}]`)} ${line.line}`;
  };
}
