import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';

/** Flags of `mft delete`. */
export interface DeleteFlags extends TemporalFlags {
  /** Production token of the deployment, where somebody else made it. */
  readonly authorize?: string;
}

/** Runs that are named; whether there are more is said. */
const NAMED = 20;

/**
 * `mft delete`: forget a deployment. Its runs, its code package and its artifacts stay; runs under way go on.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, INCORRECT_TOKEN, and as {@link withServer}
 */
export async function remove([name = '']: readonly string[], flags: DeleteFlags, context: Context): Promise<Result> {
  const { checkToken, deleteDeployment, listRuns } = await import('@mft/worker');
  const running = await withServer(flags, context, async ({ client }) => {
    await checkToken(client, name, { authorize: flags.authorize, env: context.env });
    await deleteDeployment(client, name);
    return listRuns(client, { deployment: name, status: 'running', limit: NAMED });
  });
  const more = running.length === NAMED ? ['  …'] : [];
  const lines = running.map(({ pathspec }) => `  ${pathspec}`);
  return {
    text: [
      `Deleted the deployment ${name}. Artifacts and logs of its runs stay.`,
      ...(running.length === 0 ? [] : ['Runs that go on (end one with "mft cancel RUN"):', ...lines, ...more]),
    ].join('\n'),
    json: { deployment: name, deleted: true, running: running.map(({ pathspec }) => pathspec) },
  };
}
