import { writeFile } from 'node:fs/promises';
import { isMftError, MftError, type RunInput } from '@mft/graph';
import {
  connect,
  connectWorker,
  createMetaflowWorker,
  startRun,
  watchRun,
  type Connected,
  type MetaflowWorker,
  type RunOutcome,
  type StartedRunInfo,
} from '@mft/worker';
import type { Context } from '../context.js';
import type { Compiled } from '../flow.js';
import { onInterrupt } from '../interrupts.js';
import { createRunScreen, type RunScreen } from './screen.js';
import { runUrl, type Target } from './target.js';

/** A run that is ready to go: compiled, its parameters checked. */
export interface Job extends Compiled {
  readonly input: RunInput;
  readonly maxWorkers?: number | undefined;
  readonly runIdFile?: string | undefined;
  readonly quiet: boolean;
}

/** Seconds that tasks get after a cancel or at the end. */
const GRACE = 10;
/** Milliseconds that the second Ctrl-C may take. */
const KILL_TIMEOUT = 3000;

/**
 * Run a job to its end with a worker in this process.
 *
 * E1. A run that this process can no longer serve is ended on the server too: nothing else polls its task queue.
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
      logger: screen.logger,
      onLog: screen.taskLine,
      // Retries follow at once, as under `metaflow run`.
      retryWait: 0,
      grace: GRACE,
      python: job.config.interpreter,
      maxWorkers: job.maxWorkers,
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
  const run = await startRun(client, job.config, job.input, { hash: job.hash });
  if (job.runIdFile !== undefined) await writeFile(job.runIdFile, run.runId);
  screen.say(`Run ${run.pathspec}`);
  if (target.uiUrl !== undefined) screen.say(runUrl(target.uiUrl, namespace, run.workflowId));
  const handle = client.workflow.getHandle(run.workflowId);
  const endRun = (reason: string): Promise<unknown> => handle.terminate(reason).catch(() => undefined);
  let interrupt!: (outcome: RunOutcome) => void;
  const interrupted = new Promise<RunOutcome>((resolve) => (interrupt = resolve));
  const release = onInterrupt((count) => {
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
  } finally {
    release();
  }
}

function killed({ pathspec, runId, workflowId }: StartedRunInfo): RunOutcome {
  return { status: 'terminated', pathspec, runId, workflowId };
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
