import type { FlowGraph, Progress } from '@mft/graph';
import { colorsFor, createProgressDisplay, logFormatter, type Logger, type ProgressDisplay } from '@mft/worker';
import type { TaskLogLine } from '@mft/step-runner';
import type { Context } from '../context.js';

/** What a run shows while it goes: progress, the lines that its tasks print, warnings. */
export interface RunScreen {
  readonly pollInterval: number;
  readonly logger: Logger;
  readonly progress: (progress: Progress) => void;
  readonly taskLine: (line: TaskLogLine) => void;
  say(text: string): void;
  finish(): void;
}

/**
 * The screen of one run: a live table on a terminal, plain lines elsewhere.
 *
 * @param quiet - show what tasks print, and nothing of the progress
 *
 * @example
 * ```ts
 * const screen = createRunScreen(config.plan.graph, context, false);
 * ```
 */
export function createRunScreen(graph: FlowGraph, { env, screen }: Context, quiet: boolean): RunScreen {
  const display: ProgressDisplay = createProgressDisplay(screen, graph, { env });
  const format = logFormatter(colorsFor(screen, env));
  const warn = (text: string): void => display.log(`warning: ${text}`);
  return {
    pollInterval: display.pollInterval,
    logger: {
      debug: () => undefined,
      info: (text) => display.log(text),
      warn,
      error: (text) => display.log(`error: ${text}`),
      // The outcome says so, with the traceback.
      runFailed: () => undefined,
    },
    progress: (progress) => {
      if (!quiet) display.update(progress);
    },
    taskLine: (line) => display.log(format(line)),
    say: (text) => {
      if (!quiet) display.log(text);
    },
    finish: () => display.finish(),
  };
}
