import { coordinatesOf, taskLabel } from '@mft/graph';
import type { StoredLogLine } from '@mft/step-runner';
import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';

/** Flags of `mft logs`. */
export interface LogsFlags extends TemporalFlags {
  readonly follow?: true;
  readonly stdout?: true;
  readonly stderr?: true;
  readonly python?: string;
  readonly json?: true;
}

/**
 * `mft logs`: what the tasks of a run have printed, as the datastore keeps it. One task's lines are printed as they are, those of
 * several behind the task's label.
 *
 * @throws MftError RUN_NOT_FOUND, NO_LOGS, LOGS_UNREADABLE, and as {@link withServer}
 */
export async function logs(
  [run = '', of]: readonly string[],
  flags: LogsFlags,
  context: Context,
): Promise<Result | undefined> {
  const { asShown, colorsFor, logFormatter, readLogs } = await import('@mft/worker');
  const { follow = false, json = false, python } = flags;
  const only = (['stdout', 'stderr'] as const).filter((stream) => flags[stream] === true);
  const format = logFormatter(colorsFor(context.screen, context.env));
  const lines: StoredLogLine[] = [];
  const { pathspec } = await withServer(flags, context, ({ client }) =>
    readLogs(
      client,
      run,
      { of, follow, python, env: context.env, ...(only.length === 0 ? {} : { streams: only }) },
      ({ single }) =>
        (line) => {
          if (json && follow) context.show({ text: '', json: line });
          else if (json) lines.push(line);
          else context.screen.write(`${single ? asShown(line.line) : format({ ...line, label: labelOf(line) })}\n`);
        },
    ),
  );
  return json && !follow ? { text: '', json: { pathspec, lines } } : undefined;
}

function labelOf({ step, task }: StoredLogLine): string {
  const coordinates = coordinatesOf(step, task);
  return coordinates === undefined ? `${step}/${task}` : taskLabel(coordinates);
}
