import { stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MftError, type FlowConfig, type FlowGraph, type RunInput } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { createProgressDisplay } from '../display/display.js';
import type { OutputStream } from '../display/format.js';
import type { RunOutcome } from './outcome.js';
import { isPolled } from './pollers.js';
import { startRun, type StartedRunInfo } from './start.js';
import { watchRun } from './watch.js';

/*
 * Starting a run of a deployment, as `mft trigger`, `mft resume` and `node FILE trigger` do.
 *
 * T1. What can be refused is refused before the run starts; its id is written only once it was accepted.
 * T2. Ctrl-C ends the watching, never the run, and never hides that there is one.
 */

/** A run to start: its parameters are checked already. */
export interface TriggerJob {
  readonly config: FlowConfig;
  readonly hash: string;
  readonly input: RunInput;
  readonly workflowId?: string | undefined;
  /** File to write Metaflow's run id to. */
  readonly runIdFile?: string | undefined;
  /** Wait for the end. */
  readonly wait: boolean;
  /** Command that starts a worker, for the warning where none is there. */
  readonly serve: string;
}

/** Where a trigger tells what it does. */
export interface TriggerScreen {
  /** For what is no result: warnings, and that the run goes on. */
  say(text: string): void;
  /** Where the progress is displayed. */
  readonly stream: OutputStream;
  readonly env?: NodeJS.ProcessEnv;
}

/** A run that was started, and its end where that was waited for. */
export interface Triggered {
  readonly run: StartedRunInfo;
  readonly outcome?: RunOutcome;
  /** Ctrl-C ended the waiting; the run goes on. */
  readonly interrupted: boolean;
}

/**
 * Start a run, and wait for it if asked to.
 *
 * @param server - a connected client, and the address to name in a warning
 * @throws MftError `RUN_EXISTS`, `NAMESPACE_NOT_FOUND`, `RUN_ID_FILE`
 * @example
 * ```ts
 * const { run } = await triggerRun({ client, address }, { config, hash, input: {}, wait: false, serve: 'mft serve' }, screen);
 * ```
 */
export async function triggerRun(
  { client, address }: { readonly client: Client; readonly address: string },
  job: TriggerJob,
  screen: TriggerScreen,
): Promise<Triggered> {
  const { config, hash, input, workflowId } = job;
  if (job.runIdFile !== undefined) await checkFolder(job.runIdFile);
  if ((await isPolled(client, config.taskQueue)) === false) {
    screen.say(
      `warning: no worker polls the task queue "${config.taskQueue}" at ${address}: the run waits until one does.\n  Start one with "${job.serve}".`,
    );
  }
  const interruption = onInterrupt();
  try {
    const run = await startRun(client, config, input, { hash, workflowId });
    if (job.runIdFile !== undefined) await saveRunId(job.runIdFile, run);
    if (!job.wait) return { run, interrupted: false };
    const outcome = await wait(client, run, config.plan.graph, interruption.asked, screen);
    if (outcome !== undefined) return { run, outcome, interrupted: false };
    screen.say(`The run goes on: ${run.pathspec} (workflow ${run.workflowId}).`);
    return { run, interrupted: true };
  } finally {
    interruption.off();
  }
}

interface Interruption {
  /** Settles at the first Ctrl-C. */
  readonly asked: Promise<undefined>;
  /** Give Ctrl-C its usual meaning back. */
  off(): void;
}

/** A second Ctrl-C ends the command as usual. */
function onInterrupt(): Interruption {
  let leave = (): void => undefined;
  const asked = new Promise<undefined>((resolve) => (leave = (): void => resolve(undefined)));
  process.once('SIGINT', leave);
  return { asked, off: () => process.off('SIGINT', leave) };
}

/** The run's end; undefined where Ctrl-C came first. */
async function wait(
  client: Client,
  run: StartedRunInfo,
  graph: FlowGraph,
  interrupted: Promise<undefined>,
  screen: TriggerScreen,
): Promise<RunOutcome | undefined> {
  screen.say(`${run.pathspec} started`);
  const display = createProgressDisplay(screen.stream, graph, screen.env === undefined ? {} : { env: screen.env });
  try {
    const ended = watchRun(client, run, (progress) => display.update(progress), { interval: display.pollInterval });
    return await Promise.race([ended, interrupted]);
  } finally {
    display.finish();
  }
}

/** Whoever asks for the file means to find the run by it. */
async function checkFolder(path: string): Promise<void> {
  const [folder, target] = await Promise.all([dirname(path), path].map((p) => stat(p).catch(() => undefined)));
  if (target?.isDirectory() === true)
    throw new MftError('RUN_ID_FILE', `"${path}" is a folder, not a file to write the run's id to.`, {
      hint: 'Name a file in it.',
    });
  if (folder?.isDirectory() === true) return;
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
