import type { TokenOptions } from '@mft/compiler';
import { isMftError, type FlowConfig } from '@mft/graph';
import type { Connected, ScheduleSummary } from '@mft/worker';
import { connectionFlags } from './connection.js';
import type { Context } from './context.js';
import type { TemporalFlags } from './options.js';
import { findServer } from './server/ensure.js';

/*
 * Recording a deployment where `mft create` can.
 *
 * A server that the command line names must answer: whoever types an address means it. One that the environment or a profile names may be
 * out of reach, as on a machine that only builds; then the worker file records the deployment when it runs.
 */

/** Whether a deployment is on record. */
export interface Recording {
  readonly recorded: boolean;
  /** Where, or why not: half a sentence for a person. */
  readonly told: string;
  /** Something on which a person should act. */
  readonly warning?: string;
  /** How its schedule stands now, where the flow has one. */
  readonly schedule?: ScheduleSummary;
}

/** Records one deployment. */
export interface Recorder {
  /** What is on record of a deployment; `reached: false` where no server is. */
  readonly recorded: TokenOptions['recorded'];
  record(config: FlowConfig, version: { readonly hash: string; readonly createdAt: string }): Promise<Recording>;
  close(): Promise<void>;
}

/**
 * Look for the server that keeps the records: what a flag, the environment or a profile names, else a local one that runs. Starts none.
 *
 * @throws MftError CONNECTION_FAILED, NAMESPACE_NOT_FOUND where `--address` or `--profile` was given, BAD_CONNECTION_CONFIG,
 * DATA_CONVERTER_…
 *
 * @example
 * ```ts
 * const recorder = await openRecorder(flags, context);
 * ```
 */
export async function openRecorder(flags: TemporalFlags, { env, notice }: Context): Promise<Recorder> {
  const given = connectionFlags(flags);
  const { connect, checkNamespace, resolveConnection } = await import('@mft/worker');
  const { configured, address, namespace } = await resolveConnection(given, env);
  const local = configured ? undefined : await findServer({ env, notice, namespace });
  if (!configured && local === undefined) return withoutServer('no Temporal server is known here');
  let connected: Connected | undefined;
  try {
    connected = await connect(local === undefined ? given : { ...given, address: local.address }, env);
    await checkNamespace(connected.client);
    return recorderOf(connected);
  } catch (error) {
    await connected?.connection.close();
    const named = flags.address !== undefined || flags.profile !== undefined;
    if (named || !isMftError(error) || !/^(CONNECTION_FAILED|NAMESPACE_NOT_FOUND)$/.test(error.code)) throw error;
    return withoutServer(
      error.code === 'CONNECTION_FAILED'
        ? `no Temporal server answers at ${address}`
        : `there is no namespace "${namespace}" at ${address}`,
      error.message,
    );
  }
}

function recorderOf({ client, connection, address, namespace }: Connected): Recorder {
  return {
    recorded: async (wanted) => {
      const { readDeployment } = await import('@mft/worker');
      try {
        const { name, config } = await readDeployment(client, wanted);
        const { user, project, environment } = config;
        return {
          reached: true,
          deployment: { name, user, environment, ...(project === undefined ? {} : { project }) },
        };
      } catch (error) {
        // Of one that nobody can read any more there is nothing to guard.
        if (isMftError(error) && /^(DEPLOYMENT|CONFIG)_NOT_FOUND$/.test(error.code)) return { reached: true };
        throw error;
      }
    },
    record: async (config, version) => {
      const { readSchedule, recordDeployment, registerSearchAttributes } = await import('@mft/worker');
      await registerSearchAttributes(client);
      const { outcome, record } = await recordDeployment(client, config, { ...version, listed: true });
      if (outcome !== 'kept') {
        const schedule = config.schedule === undefined ? {} : { schedule: await readSchedule(client, config.name) };
        return { recorded: true, told: `at ${address}, namespace ${namespace}`, ...schedule };
      }
      const told = `no: a newer one is on record at ${address}, created ${record.createdAt}`;
      return { recorded: false, told, warning: `${config.name} is not recorded: one of ${record.createdAt} is newer.` };
    },
    close: () => connection.close(),
  };
}

function withoutServer(reason: string, warning?: string): Recorder {
  const told = `not yet: ${reason}; the worker file does so when it runs, as does "create" again with --address`;
  return {
    recorded: () => Promise.resolve({ reached: false }),
    record: () => Promise.resolve({ recorded: false, told, ...(warning === undefined ? {} : { warning }) }),
    close: () => Promise.resolve(),
  };
}
