import { deploymentWords } from '../argv.js';
import type { Context, Result } from '../context.js';
import { startRecorded, type StartFlags } from '../run/start.js';

/**
 * `mft trigger`: start a run of a recorded deployment, and with `--wait` follow it to its end.
 *
 * @throws MftError as {@link startRecorded}
 */
export async function trigger(words: readonly string[], flags: StartFlags, context: Context): Promise<Result> {
  const { name, parameters } = deploymentWords('trigger', words);
  return startRecorded(name, parameters, flags, context);
}
