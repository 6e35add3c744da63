import { randomBytes } from 'node:crypto';
import type { FlowConfig } from '@mft/graph';
import { sortWords } from '../argv.js';
import type { Context, Result } from '../context.js';
import { readFlow, type CompileFlags, type Compiled } from '../flow.js';
import { onInterrupt } from '../interrupts.js';
import { integer } from '../numbers.js';
import { checkOutput } from '../output.js';
import { locateServer, type TargetFlags } from '../run/target.js';

/** Flags of `mft run`. */
export interface RunFlags extends CompileFlags, TargetFlags {
  readonly runIdFile?: string;
  readonly paramsFile?: string;
  readonly maxWorkers?: string;
}

/**
 * `mft run`: a flow, once, as its file is now. Bad input is refused before a server is started or anything written.
 * A Ctrl-C that comes before there is a run to cancel ends the command at once, and is told as a cancelled run is.
 *
 * @throws MftError as {@link readFlow}, `givenParameters`, `findIncluded`, `checkSize`, `startServer` and `execute`
 */
export async function run(words: readonly string[], flags: RunFlags, context: Context): Promise<Result> {
  let interrupt!: (result: Result) => void;
  const interrupted = new Promise<Result>((resolve) => (interrupt = resolve));
  const release = onInterrupt(() => interrupt(NOT_STARTED));
  try {
    return await Promise.race([interrupted, prepareAndExecute(words, flags, context, release)]);
  } finally {
    release();
  }
}

const NOT_STARTED: Result = {
  text: 'Interrupted. No run was started.',
  json: { status: 'cancelled', pathspec: null, runId: null, workflowId: null },
  exitCode: 1,
};

/** @param onStart - called when a Ctrl-C is the run's from now on */
async function prepareAndExecute(
  words: readonly string[],
  flags: RunFlags,
  context: Context,
  onStart: () => void,
): Promise<Result> {
  const { file, parameters } = sortWords('run', words);
  const maxWorkers = integer('--max-workers', flags.maxWorkers, 1);
  if (flags.runIdFile !== undefined) await checkOutput(flags.runIdFile);
  const [compiled, getTarget] = await Promise.all([
    readFlow(file, flags, context, { onSpawned: preload }),
    locateServer(flags, context),
  ]);
  const [{ checkSize, givenParameters }, { findIncluded }] = await Promise.all([
    import('@mft/worker'),
    import('@mft/step-runner'),
  ]);
  const params = await givenParameters(compiled.config.parameters, parameters, flags.paramsFile);
  // Metaflow uploads them as the run begins, here.
  await findIncluded(compiled.config.parameters, params);
  checkSize(compiled.config, params);
  const target = await getTarget();
  const [{ execute }, { colorsFor, exitStatusOf, formatOutcome, incompleteLine, PRIVATE_QUEUE }] = await Promise.all([
    import('../run/execute.js'),
    import('@mft/worker'),
  ]);
  const job = {
    ...onPrivateQueue(compiled, PRIVATE_QUEUE, await hasher()),
    input: { params },
    maxWorkers,
    runIdFile: flags.runIdFile,
    quiet: flags.quiet === true,
    onStart,
  };
  const outcome = await execute(job, target, context);
  return {
    text: formatOutcome(outcome, colorsFor(context.screen, context.env)),
    json: outcome,
    exitCode: exitStatusOf(outcome),
    last: incompleteLine(outcome),
  };
}

/** Half a second of imports, while Python inspects the flow. */
function preload(): void {
  for (const module of [import('@temporalio/worker'), import('@temporalio/client'), import('../run/execute.js')]) {
    // If one cannot be loaded, the import that needs it says so.
    module.catch(() => undefined);
  }
}

async function hasher(): Promise<(config: FlowConfig) => string> {
  return (await import('@mft/compiler')).configHash;
}

/** A deployed worker of the same flow must not take this run's tasks, nor this worker that one's. */
function onPrivateQueue({ config }: Compiled, prefix: string, hashOf: (config: FlowConfig) => string): Compiled {
  const own = { ...config, taskQueue: `${prefix}${config.flow.name}-${randomBytes(4).toString('hex')}` };
  return { config: own, hash: hashOf(own) };
}
