import { MftError, type RunInput } from '@mft/graph';
import type { DeploymentRecord } from '@mft/worker';
import type { Context, Result } from '../context.js';
import { integer } from '../numbers.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';

/** Flags of the commands that start a run of a recorded deployment. */
export interface StartFlags extends TemporalFlags {
  readonly tag?: readonly string[];
  readonly paramsFile?: string;
  readonly runIdFile?: string;
  readonly workflowTimeout?: string;
  readonly maxNumSplits?: string;
  readonly compensateParallel?: string;
  /** Of a resume alone. */
  readonly compensateCloned?: true;
  readonly workflowId?: string;
  readonly wait?: true;
  readonly json?: true;
}

/**
 * Start a run of a recorded deployment, from anywhere: neither the flow's file nor its worker's is needed, nor Python
 * unless a file is given for an `IncludeFile`.
 *
 * @param words - parameters, as `key=value`
 * @param resuming - what a resume takes over; asked once the deployment is known
 * @throws MftError DEPLOYMENT_NOT_FOUND, RESUME_PARAMETERS, PARAMS_FILE, RUN_EXISTS, RUN_ID_FILE, and as `parseParameters` and `storeIncluded`
 *
 * @example
 * ```ts
 * await startRecorded('HelloFlow', ['alpha=1'], {}, context);
 * ```
 */
export async function startRecorded(
  name: string,
  words: readonly string[],
  flags: StartFlags,
  context: Context,
  resuming?: (record: DeploymentRecord) => NonNullable<RunInput['resume']>,
): Promise<Result> {
  const timeout = integer('--workflow-timeout', flags.workflowTimeout, 1);
  const maxNumSplits = integer('--max-num-splits', flags.maxNumSplits, 1);
  const compensate = compensateOf(flags);
  const { colorsFor, exitStatusOf, formatOutcome, givenParameters, incompleteLine, readDeployment, triggerRun } =
    await import('@mft/worker');
  const { storeIncluded } = await import('@mft/step-runner');
  return withServer(flags, context, async (server) => {
    const record = await readDeployment(server.client, name);
    const { config, hash } = record;
    const resume = resuming?.(record);
    // A resume takes them from its origin.
    const given = await givenParameters(config.parameters, words, flags.paramsFile, { partial: resume !== undefined });
    if (resume !== undefined) refuseParameters(name, Object.keys(given));
    const params = await storeIncluded(config, given, { env: context.env });
    const input: RunInput = {
      params,
      ...(flags.tag === undefined ? {} : { tags: [...flags.tag] }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(maxNumSplits === undefined ? {} : { maxNumSplits }),
      ...(resume === undefined ? {} : { resume }),
      ...(compensate === undefined ? {} : { compensate }),
    };
    const { workflowId, runIdFile, wait = false } = flags;
    const { run, outcome, interrupted } = await triggerRun(
      server,
      { config, hash, input, workflowId, runIdFile, wait, serve: 'mft serve' },
      // Without --wait stdout holds the pathspec alone, for scripts.
      {
        say: (text) => (wait ? context.notice.say(text) : context.warn(text)),
        stream: context.screen,
        env: context.env,
      },
    );
    const { pathspec, runId } = run;
    const deployment = record.name;
    if (outcome === undefined) {
      return {
        text: pathspec,
        json: { status: 'running', pathspec, runId, workflowId: run.workflowId, deployment },
        exitCode: interrupted ? 130 : 0,
      };
    }
    return {
      text: formatOutcome(outcome, colorsFor(context.screen, context.env)),
      json: { ...outcome, deployment },
      exitCode: exitStatusOf(outcome),
      last: incompleteLine(outcome),
    };
  });
}

/** What the flags say of undoing; the rest is the deployment's. */
function compensateOf({ compensateParallel, compensateCloned }: StartFlags): RunInput['compensate'] {
  const parallel = integer('--compensate-parallel', compensateParallel, 1);
  if (parallel === undefined && compensateCloned !== true) return undefined;
  return { ...(parallel === undefined ? {} : { parallel }), ...(compensateCloned === true ? { cloned: true } : {}) };
}

/** Before anything starts, as the worker would. */
function refuseParameters(name: string, [given]: readonly string[]): void {
  if (given === undefined) return;
  throw new MftError(
    'RESUME_PARAMETERS',
    `A resumed run has the parameters of its origin: "${given}" cannot be given.`,
    {
      hint: `Leave it out, or start a new run: mft trigger ${name} ${given}=…`,
    },
  );
}
