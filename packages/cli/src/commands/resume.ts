import { MftError, suggest } from '@mft/graph';
import { deploymentWords } from '../argv.js';
import type { Context, Result } from '../context.js';
import { startRecorded, type StartFlags } from '../run/start.js';

/** Flags of `mft resume`. */
export interface ResumeFlags extends StartFlags {
  readonly originRunId?: string;
}

/**
 * `mft resume`: Metaflow's resume, a new run of a recorded deployment that takes over the finished tasks of an earlier one.
 *
 * @throws MftError MISSING_OPTION without an origin, RESUME_PARAMETERS, UNKNOWN_STEP, and as {@link startRecorded}
 */
export async function resume(words: readonly string[], flags: ResumeFlags, context: Context): Promise<Result> {
  const { name, further, parameters } = deploymentWords('resume', words, 1);
  const [step] = further;
  // A pathspec names a run as well.
  const origin = flags.originRunId?.split('/').at(flags.originRunId.includes('/') ? 1 : 0);
  if (!origin) {
    throw new MftError('MISSING_OPTION', 'A resume needs the run to take over from.', {
      hint: `Name it: mft resume ${name} --origin-run-id ID. Runs there are: mft runs --deployment ${name}`,
    });
  }
  return startRecorded(name, parameters, flags, context, ({ config }) => {
    const steps = Object.keys(config.plan.graph.nodes);
    if (step !== undefined && !steps.includes(step)) {
      const near = suggest(step, steps);
      throw new MftError('UNKNOWN_STEP', `${config.flow.name} has no step "${step}".`, {
        hint: `${near === undefined ? '' : `Did you mean "${near}"? `}Steps: ${steps.join(', ')}`,
      });
    }
    return { origin, ...(step === undefined ? {} : { step }) };
  });
}
