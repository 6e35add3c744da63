import type { RunSummary } from '@mft/worker';
import type { Context, Result } from '../context.js';
import { integer } from '../numbers.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { localTime, table } from '../table.js';

/** Flags of `mft runs`. */
export interface RunsFlags extends TemporalFlags {
  readonly flow?: string;
  readonly deployment?: string;
  readonly project?: string;
  readonly branch?: string;
  readonly user?: string;
  readonly tag?: readonly string[];
  readonly status?: RunSummary['status'];
  readonly limit?: string;
}

/**
 * `mft runs`: runs, the newest first.
 *
 * @throws MftError INVALID_OPTION, and as {@link withServer}
 */
export async function runs(_words: readonly string[], flags: RunsFlags, context: Context): Promise<Result> {
  const limit = integer('--limit', flags.limit, 1);
  const { formatDuration, listRuns } = await import('@mft/worker');
  const { flow, deployment, project, branch, user, tag: tags, status } = flags;
  const filter = { flow, deployment, project, branch, user, tags, status, limit };
  const found = await withServer(flags, context, ({ client }) => listRuns(client, filter));
  const rows = found.map(({ pathspec, deployment, status, startedAt, endedAt }) => [
    status.replace('_', ' '),
    pathspec,
    deployment,
    localTime(startedAt),
    formatDuration((endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt)),
  ]);
  return {
    text: rows.length === 0 ? 'No run is found.' : table([['STATUS', 'RUN', 'DEPLOYMENT', 'STARTED', 'TIME'], ...rows]),
    json: { runs: found },
  };
}
