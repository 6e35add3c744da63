import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { MftError, parseParameters, type FlowGraph, type RunInput } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { connect } from '../connection/connect.js';
import { createProgressDisplay } from '../display/display.js';
import { colorsFor } from '../display/format.js';
import { formatOutcome } from '../display/outcome.js';
import { exitStatusOf, type RunOutcome } from '../run/outcome.js';
import { isPolled } from '../run/pollers.js';
import { startRun, type StartedRunInfo } from '../run/start.js';
import { watchRun } from '../run/watch.js';
import type { Deployment } from './deployment.js';
import type { TriggerFlags } from './program.js';

/** What a shell expects of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * `node FILE trigger`: check the parameters, start a run, wait for it.
 * Results go to standard output, everything else to standard error.
 *
 * @returns the exit status
 */
export async function trigger(
  { config, hash, file }: Deployment,
  words: readonly string[],
  flags: TriggerFlags,
): Promise<number> {
  const params = parseParameters(config.parameters, words);
  if (flags.runIdFile !== undefined) await checkFolder(flags.runIdFile);
  const { client, connection, address } = await connect(flags);
  let interruption: Interruption | undefined;
  try {
    if ((await isPolled(client, config.taskQueue)) === false) {
      say(
        `warning: no worker polls the task queue "${config.taskQueue}" at ${address}: the run waits until one does.\n  Start one with "node ${basename(file)}".`,
      );
    }
    const input: RunInput = { params, ...(flags.tag.length > 0 ? { tags: flags.tag } : {}) };
    // From here on Ctrl-C must not hide that there is a run. (A second one ends the command as usual.)
    interruption = onInterrupt();
    const run = await startRun(client, config, input, { hash });
    if (flags.runIdFile !== undefined) await saveRunId(flags.runIdFile, run);
    if (!flags.wait) {
      const { pathspec, runId, workflowId } = run;
      print(flags.json === true ? JSON.stringify({ status: 'running', pathspec, runId, workflowId }) : pathspec);
      return 0;
    }
    const outcome = await wait(client, run, config.plan.graph, interruption.asked);
    if (outcome === undefined) {
      say(`The run goes on: ${run.pathspec} (workflow ${run.workflowId}).`);
      return INTERRUPTED;
    }
    const completed = outcome.status === 'completed';
    if (flags.json === true) print(JSON.stringify(outcome));
    else if (completed) print(formatOutcome(outcome, colorsFor(process.stdout)));
    if (flags.json === true || !completed) say(formatOutcome(outcome, colorsFor(process.stderr)));
    return exitStatusOf(outcome);
  } finally {
    interruption?.off();
    await connection.close();
  }
}

interface Interruption {
  /** Settles at the first Ctrl-C. */
  readonly asked: Promise<undefined>;
  /** Give Ctrl-C its usual meaning back. */
  off(): void;
}

function onInterrupt(): Interruption {
  let leave = (): void => undefined;
  const asked = new Promise<undefined>((resolve) => (leave = (): void => resolve(undefined)));
  process.once('SIGINT', leave);
  return { asked, off: () => process.off('SIGINT', leave) };
}

/** The run's end; undefined where Ctrl-C came first, which ends the watching only. */
async function wait(
  client: Client,
  run: StartedRunInfo,
  graph: FlowGraph,
  interrupted: Promise<undefined>,
): Promise<RunOutcome | undefined> {
  say(`${run.pathspec} started`);
  const display = createProgressDisplay(process.stderr, graph);
  try {
    const ended = watchRun(client, run, (progress) => display.update(progress), { interval: display.pollInterval });
    return await Promise.race([ended, interrupted]);
  } finally {
    display.finish();
  }
}

/** Refused before the run starts: whoever asks for the file means to find the run by it. */
async function checkFolder(path: string): Promise<void> {
  if ((await stat(dirname(path)).catch(() => undefined))?.isDirectory() === true) return;
  throw new MftError('RUN_ID_FILE', `There is no folder "${dirname(path)}" to write the run's id to.`, {
    hint: `mkdir -p ${dirname(path)}`,
  });
}

async function saveRunId(path: string, run: StartedRunInfo): Promise<void> {
  try {
    await writeFile(path, run.runId);
  } catch (cause) {
    throw new MftError(
      'RUN_ID_FILE',
      `The run ${run.pathspec} has started, but its id cannot be written to "${path}": ${(cause as Error).message}`,
      { hint: 'The run goes on; its id is in the message.', exitCode: 1, cause },
    );
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
