import { writeFile } from 'node:fs/promises';
import { isMftError, MftError, type RunInput } from '@mft/graph';
import {
  connect,
  connectWorker,
  createMetaflowWorker,
  endAbandonedRuns,
  publishCommand,
  startRun,
  thisProcess,
  watchRun,
  type Connected,
  type MetaflowWorker,
  type RunOutcome,
  type StartedRunInfo,
} from '@mft/worker';
import type { Context } from '../context.js';
import type { Compiled } from '../flow.js';
import { onInterrupt } from '../interrupts.js';
import { ownProgram } from '../own-program.js';
import { createRunScreen, type RunScreen } from './screen.js';
import { runUrl, type Target } from './target.js';

/** A run that is ready to go: compiled, its parameters checked. */
export interface Job extends Compiled {
  readonly input: RunInput;
  readonly maxWorkers?: number | undefined;
  readonly runIdFile?: string | undefined;
  readonly quiet: boolean;
  /** Called when this run answers to Ctrl-C itself. */
  readonly onStart?: () => void;
}

/** Seconds that tasks get after a cancel or at the end. */
const GRACE = 10;
/** Milliseconds that the second Ctrl-C may take. */
const KILL_TIMEOUT = 3000;

/**
 * Run a job to its end with a worker in this process.
 *
 * E1. A run that this process can no longer serve is ended on the server too: nothing else polls its task queue.
 *     Killed with -9 it cannot: the next `mft run` of this machine ends what it left.
 * E2. The first Ctrl-C cancels the run and waits for its end; the second kills its tasks and returns.
 *
 * @throws MftError CONNECTION_FAILED, SERVER_LOST, NAMESPACE_NOT_FOUND, and what the step runner cannot start with
 *
 * @example
 * ```ts
 * const outcome = await execute(job, await getTarget(), context);
 * ```
 */
export async function execute(job: Job, target: Target, context: Context): Promise<RunOutcome> {
  const screen = createRunScreen(job.config.plan.graph, context, job.quiet);
  const [connected, native] = await Promise.all([
    connect(target.flags, context.env),
    connectWorker(target.flags, screen.logger, context.env),
  ]);
  try {
    const worker = await createMetaflowWorker({
      config: job.config,
      hash: job.hash,
      connection: native.connection,
      namespace: native.namespace,
      dataConverter: native.dataConverter,
      logger: screen.logger,
      onLog: screen.taskLine,
      // Retries follow at once, as under `metaflow run`.
      retryWait: 0,
      grace: GRACE,
      python: job.config.interpreter,
      maxWorkers: job.maxWorkers,
      // Of no deployment: what is published only there is not.
      publish: {
        command: publishCommand(ownProgram(), '--temporal-namespace', target.flags, native),
        deployed: false,
      },
    });
    return await worker.runUntil(() => follow(job, target, connected, worker, screen));
  } catch (error) {
    throw await explained(error, target, context.env);
  } finally {
    screen.finish();
    await Promise.allSettled([connected.connection.close(), native.connection.close()]);
  }
}

/** Temporal's clients tell of a lost server in many ways, by what they were just doing: asking it once more is surer than their words. */
async function explained(error: unknown, { flags }: Target, env: NodeJS.ProcessEnv): Promise<unknown> {
  if (isMftError(error)) return error;
  try {
    const { connection } = await connect(flags, env);
    await connection.close();
    return error;
  } catch {
    return new MftError(
      'SERVER_LOST',
      `The Temporal server${flags.address ? ` at ${flags.address}` : ''} no longer answers.`,
      {
        hint: 'Run the flow again once it is back. Of a local server tells: mft server --status',
        exitCode: 1,
        cause: error,
      },
    );
  }
}

async function follow(
  job: Job,
  target: Target,
  { client, namespace }: Connected,
  worker: MetaflowWorker,
  screen: RunScreen,
): Promise<RunOutcome> {
  let interrupts = 0;
  let onCount = (_count: number): void => undefined;
  // From before the start: a run is accepted before we hear of it, and must not outlive a Ctrl-C in between.
  const release = onInterrupt((count) => onCount((interrupts = count)));
  job.onStart?.();
  try {
    const run = await startRun(client, job.config, job.input, { hash: job.hash, owner: thisProcess() });
    void endAbandoned(client, screen);
    return await accepted(run, job, target, { client, namespace }, worker, screen, (handler) => {
      onCount = handler;
      for (let count = 1; count <= interrupts; count++) handler(count);
    });
  } finally {
    release();
  }
}

/** Runs that an `mft run` of this machine left when it was killed. That it fails concerns the next one. */
async function endAbandoned(client: Connected['client'], screen: RunScreen): Promise<void> {
  const ended = await endAbandonedRuns(client).catch(() => []);
  if (ended.length > 0) screen.say(`Ended what a killed mft run had left open: ${ended.join(', ')}`);
}

async function accepted(
  run: StartedRunInfo,
  job: Job,
  target: Target,
  { client, namespace }: Pick<Connected, 'client' | 'namespace'>,
  worker: MetaflowWorker,
  screen: RunScreen,
  onInterrupted: (handler: (count: number) => void) => void,
): Promise<RunOutcome> {
  if (job.runIdFile !== undefined) await writeFile(job.runIdFile, run.runId);
  screen.say(`Run ${run.pathspec}`);
  if (target.uiUrl !== undefined) screen.say(runUrl(target.uiUrl, namespace, run.workflowId));
  const handle = client.workflow.getHandle(run.workflowId);
  const endRun = (reason: string): Promise<unknown> => handle.terminate(reason).catch(() => undefined);
  let interrupt!: (outcome: RunOutcome) => void;
  const interrupted = new Promise<RunOutcome>((resolve) => (interrupt = resolve));
  onInterrupted((count) => {
    if (count === 1) {
      screen.say('Cancelling the run and waiting for its end. Ctrl-C again kills its tasks.');
      void handle.cancel().catch(() => undefined);
    } else if (count === 2) {
      void Promise.race([Promise.all([worker.kill(), endRun('Ctrl-C')]), timeout(KILL_TIMEOUT)]).then(() =>
        interrupt(killed(run)),
      );
    }
  });
  try {
    return await Promise.race([interrupted, watchRun(client, run, screen.progress, { interval: screen.pollInterval })]);
  } catch (error) {
    await endRun('The mft process that served this run failed');
    throw error;
  }
}

function killed({ pathspec, runId, workflowId }: StartedRunInfo): RunOutcome {
  return { status: 'terminated', pathspec, runId, workflowId };
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
