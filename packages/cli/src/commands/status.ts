import type { Compensation, ExitHookReport } from '@mft/graph';
import type { RunDescription } from '@mft/worker';
import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { localTime, table } from '../table.js';

/**
 * `mft status`: how a run stands, from the server alone where no worker is there. The exit status tells only whether the run is known.
 *
 * @throws MftError RUN_NOT_FOUND, and as {@link withServer}
 */
export async function status([run = '']: readonly string[], flags: TemporalFlags, context: Context): Promise<Result> {
  const worker = await import('@mft/worker');
  const described = await withServer(flags, context, ({ client }) => worker.describeRun(client, run));
  return {
    text: textOf(described, worker),
    json: described,
    // Of one that goes on it is too early to say so.
    last: described.status === 'running' ? undefined : worker.incompleteLine(described),
  };
}

/** What says it in words, loaded with the command. */
interface Words {
  readonly compensationLines: (compensation: Compensation) => string[];
  readonly formatDuration: (ms: number) => string;
}

function textOf(run: RunDescription, { compensationLines, formatDuration }: Words): string {
  const { pathspec, startedAt, endedAt, steps, error, compensation, exitHooks } = run;
  const took = (endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt);
  const facts = [
    ['Deployment', run.deployment],
    ['Workflow', run.workflowId],
    ['Started', `${localTime(startedAt)}${endedAt === undefined ? `, ${formatDuration(took)} ago` : ''}`],
    ...(endedAt === undefined ? [] : [['Ended', `${localTime(endedAt)}, after ${formatDuration(took)}`]]),
    ...(run.polled === false ? [['Worker', `none polls ${run.taskQueue}; start one with: mft serve`]] : []),
  ];
  const reached = Object.entries(steps ?? {}).filter(([, { total }]) => total > 0);
  const counts = reached.map(([name, { done, total, running, failed }]) => [
    name,
    `${done}/${total}`,
    running > 0 ? `${running} running` : '',
    failed > 0 ? `${failed} failed` : '',
  ]);
  const where = error?.step === undefined ? '' : `Step ${error.step}: `;
  return [
    `${pathspec}  ${run.status.replace('_', ' ')}${run.suspended === true ? ', suspended' : ''}`,
    ...facts.map(([name = '', value]) => `  ${name.padEnd(10)}  ${value}`),
    ...(counts.length === 0 ? [] : ['', indented(table([['STEP', 'DONE', '', ''], ...counts]))]),
    ...(compensation === undefined ? [] : ['', indented(compensationLines(compensation).join('\n'))]),
    ...(exitHooks === undefined ? [] : ['', indented(exitHooks.map(hookLines).join('\n'))]),
    ...(error === undefined ? [] : ['', ...(error.traceback === undefined ? [] : [error.traceback.trimEnd()])]),
    ...(error === undefined || error.traceback?.trimEnd().endsWith(error.message) === true
      ? []
      : [`${where}${error.message}`]),
  ].join('\n');
}

function hookLines({ hook, ok, output, error }: ExitHookReport): string {
  const ended = ok ? `Exit hook ${hook}: done` : `Exit hook ${hook} failed: ${error ?? ''}`;
  return output === undefined ? ended : `${ended}\n${indented(output)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
