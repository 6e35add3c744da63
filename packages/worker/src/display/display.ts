import type { FlowGraph, Progress } from '@mft/graph';
import { createLogUpdate } from 'log-update';
import { undoLines, undoRow, type UndoSeen } from './compensation.js';
import { colorsFor, type OutputStream } from './format.js';
import { liveTable } from './live.js';
import { plainLines } from './plain.js';
import { isOver, stepRows, type StepState } from './steps.js';

/** Shows a run: live on a terminal, one line an event elsewhere. */
export interface ProgressDisplay {
  /** Milliseconds between two looks at the run that suit this display: often on a terminal, seldom elsewhere. */
  readonly pollInterval: number;
  /** Show a new state. */
  update(progress: Progress): void;
  /** Print a line of a task's output, above the live table. */
  log(line: string): void;
  /** Show the last state for good and release the terminal. May be called twice. */
  finish(): void;
}

/** How a display is made; for tests and for those who know better than the stream. */
export interface DisplayOptions {
  /** Draw live (default: where the stream is a terminal, and `CI` and `TERM=dumb` are not set). */
  readonly live?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const LIVE_POLL = 250;
const PLAIN_POLL = 1_000;
/** Milliseconds between two frames of the spinner. */
const FRAME = 120;

/**
 * A display of a run's progress: per step done/total, running, failed, time.
 *
 * @param stream - where to print: `process.stderr`, so that stdout stays free for results
 * @param graph - `config.plan.graph`
 * @example
 * ```ts
 * const display = createProgressDisplay(process.stderr, config.plan.graph);
 * const outcome = await watchRun(client, run, (p) => display.update(p), { interval: display.pollInterval });
 * display.finish();
 * ```
 */
export function createProgressDisplay(
  stream: OutputStream,
  graph: FlowGraph,
  options: DisplayOptions = {},
): ProgressDisplay {
  const env = options.env ?? process.env;
  const live = options.live ?? (stream.isTTY === true && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === '');
  return live ? liveDisplay(stream, graph, options) : plainDisplay(stream, graph, options);
}

function plainDisplay(
  stream: OutputStream,
  graph: FlowGraph,
  { env, now = Date.now }: DisplayOptions,
): ProgressDisplay {
  const colors = colorsFor(stream, env);
  const seen = new Map<string, StepState>();
  const undone: UndoSeen = { begun: false, failures: 0, over: false };
  return {
    pollInterval: PLAIN_POLL,
    update: (progress) => {
      const steps = plainLines(stepRows(graph, progress, now()), seen, colors);
      const undo = undoLines(progress.compensation, isOver(progress), undone, colors);
      for (const line of [...steps, ...undo]) stream.write(`${line}\n`);
    },
    log: (line) => void stream.write(`${line}\n`),
    finish: () => undefined,
  };
}

function liveDisplay(stream: OutputStream, graph: FlowGraph, { env, now = Date.now }: DisplayOptions): ProgressDisplay {
  const colors = colorsFor(stream, env);
  const draw = createLogUpdate(stream as unknown as NodeJS.WritableStream);
  let last: Progress | undefined;
  let frame = 0;
  let over = false;
  const render = (): void => {
    if (last === undefined || over) return;
    const { compensation } = last;
    const undone = compensation === undefined ? [] : [undoRow(compensation, colors)];
    const table = liveTable(stepRows(graph, last, now()), frame, (stream.rows ?? 24) - 2 - undone.length, colors);
    draw([table, ...undone].join('\n'));
  };
  const timer = setInterval(() => {
    frame++;
    render();
  }, FRAME);
  timer.unref();
  return {
    pollInterval: LIVE_POLL,
    update: (progress) => {
      last = progress;
      render();
    },
    log: (line) => {
      if (over) stream.write(`${line}\n`);
      else {
        draw.clear();
        stream.write(`${line}\n`);
        render();
      }
    },
    finish: () => {
      clearInterval(timer);
      if (over) return;
      render();
      over = true;
      draw.done();
    },
  };
}
