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
export function logFormatter(
  colors: Colors,
): (line: Pick<TaskLogLine, 'step' | 'label' | 'attempt' | 'line'>) => string {
  const colorOf = new Map<string, (text: string) => string>();
  return (line) => {
    const paint = colorOf.get(line.step) ?? colors[PALETTE[colorOf.size % PALETTE.length] ?? 'cyan'];
    colorOf.set(line.step, paint);
    const retry = line.attempt > 0 ? ` retry ${line.attempt}` : '';
    return `${paint(`[${line.label}${retry}]`)} ${asShown(line.line)}`;
  };
}

/** Escape sequences; those that set colours end in `m`. */
// eslint-disable-next-line no-control-regex
const ESCAPE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
/** Control characters that are no tab and no part of an escape sequence. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;

/**
 * What a terminal would show of a line: of a progress bar its last state; colours, but nothing that moves the cursor or clears
 * the screen, which is shared with other tasks and the progress display. What is stored is the line as it was printed.
 *
 * @example
 * ```ts
 * asShown('1/2\r2/2\r'); // '2/2'
 * ```
 */
export function asShown(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return last.replace(ESCAPE, (sequence) => (/^.\[[\d;:]*m$/.test(sequence) ? sequence : '')).replace(CONTROL, '');
}
