import type { FlowConfig, ParameterSpec } from '@mft/graph';
import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';
import { localTime, table } from '../table.js';

/**
 * `mft show`: one deployment as it is recorded, with the parameters that its runs take.
 *
 * @throws MftError DEPLOYMENT_NOT_FOUND, CONFIG_NOT_FOUND, and as {@link withServer}
 */
export async function show([name = '']: readonly string[], flags: TemporalFlags, context: Context): Promise<Result> {
  const { readDeployment } = await import('@mft/worker');
  const record = await withServer(flags, context, ({ client }) => readDeployment(client, name, { env: context.env }));
  const { config, ...summary } = record;
  const { parameters, user, project, datastore, metadata, environment, metaflow, tags, timeout } = config;
  const { schedule, triggers, compensate, maxNumSplits } = config;
  const facts = [
    ['Flow', record.flow],
    ['Created', `${localTime(record.createdAt)} by ${user}`],
    ['Task queue', record.taskQueue],
    ['Hash', record.hash],
    ['Datastore', `${datastore.type} at ${datastore.root}`],
    ['Metadata', `${metadata.type} at ${metadata.info}`],
    ['Metaflow', `${metaflow.version}, Python ${metaflow.python}`],
    ...(schedule === undefined ? [] : [['Schedule', `${schedule.cron} (${schedule.timezone ?? 'UTC'})`]]),
    ...(tags.length > 0 ? [['Tags', tags.join(', ')]] : []),
    ...(triggers === undefined ? [] : [['Waits for', triggers.on.map(({ name }) => name).join(' and ')]]),
    ...(timeout === undefined ? [] : [['Timeout', `${String(timeout)} s`]]),
    ...(maxNumSplits === undefined ? [] : [['Foreach', `${String(maxNumSplits)} tasks at most`]]),
    ...(compensate?.parallel === undefined ? [] : [['Undoes', `${String(compensate.parallel)} at a time`]]),
  ];
  return {
    text: [
      record.name,
      ...facts.map(([label = '', value]) => `  ${label.padEnd(10)}  ${value}`),
      ...listed(config),
    ].join('\n'),
    json: {
      ...summary,
      ...{ user, parameters, datastore, metadata, environment, metaflow, tags },
      ...(project === undefined ? {} : { project }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(triggers === undefined ? {} : { triggers }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(maxNumSplits === undefined ? {} : { maxNumSplits }),
      ...(compensate === undefined ? {} : { compensate }),
    },
  };
}

function listed({ parameters }: FlowConfig): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map((each) => [each.name, each.type, defaultOf(each), each.help ?? '']);
  return ['', table([['PARAMETER', 'TYPE', 'DEFAULT', ''], ...rows]).replace(/^/gm, '  ')];
}

function defaultOf(parameter: ParameterSpec): string {
  if (parameter.default === undefined) return parameter.required ? '(required)' : '';
  const text = JSON.stringify(parameter.default);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
