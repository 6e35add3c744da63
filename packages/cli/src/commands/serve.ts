import type { WorkerProcessFlags } from '@mft/worker/options';
import type { Context, Result } from '../context.js';
import { integer } from '../numbers.js';
import { ownProgram } from '../own-program.js';
import { locateServer, type TargetFlags } from '../run/target.js';

/** Flags of `mft serve`. */
export interface ServeFlags extends WorkerProcessFlags, TargetFlags {
  readonly idle?: string;
  readonly debug?: true;
  readonly json?: true;
}

/**
 * `mft serve`: run the tasks of every deployment that is recorded in a Temporal namespace, until SIGTERM or Ctrl-C. The server is
 * found or started as for `mft run`.
 *
 * @throws MftError BAD_MAX_WORKERS, BAD_PORT, PORT_TAKEN, CONNECTION_FAILED, NAMESPACE_NOT_FOUND
 */
export async function serve(
  _words: readonly string[],
  flags: ServeFlags,
  context: Context,
): Promise<Result | undefined> {
  const { env, screen, show } = context;
  const idle = integer('--idle', flags.idle, 1);
  const getTarget = await locateServer(flags, context);
  const {
    capacityOf,
    connect,
    connectWorker,
    openWorkerService,
    publishCommand,
    registerSearchAttributes,
    serveDeployments,
  } = await import('@mft/worker');
  const service = await openWorkerService(flags, { stdout: screen });
  const { logger, taskLine, launcherLine } = service;
  try {
    const target = await getTarget();
    const [{ client, connection }, native] = await Promise.all([
      connect(target.flags, env),
      connectWorker(target.flags, logger, env),
    ]);
    try {
      await registerSearchAttributes(client);
      const { grace, python, mode, preload } = flags;
      await serveDeployments({
        ...{ client, connection: native.connection, namespace: native.namespace, dataConverter: native.dataConverter },
        ...{ ...capacityOf(flags), grace, python, mode, preload, idle, env, logger },
        publish: {
          command: publishCommand(ownProgram(), '--temporal-namespace', target.flags, native),
          deployed: true,
        },
        // Many runs speak here at a time.
        onLog: (line) => taskLine({ ...line, label: `${line.run}/${line.label}` }),
        onLauncherLog: launcherLine,
        onHealth: (source) => service.reportHealth(source),
        onReady: ({ deployments, maxWorkers: bound }) => {
          const { address, namespace } = native;
          const what = deployments.length === 1 ? '1 deployment' : `${deployments.length} deployments`;
          const text = `Serving ${what} at ${address}, namespace ${namespace}, ${bound} tasks at a time; new ones as they come`;
          // A program reads one line on stdout, a person the log.
          if (flags.json)
            show({ text, json: { status: 'serving', address, namespace, deployments, maxWorkers: bound } });
          else logger.info(text);
        },
      });
      return undefined;
    } finally {
      await Promise.allSettled([connection.close(), native.connection.close()]);
    }
  } finally {
    await service.close();
  }
}
