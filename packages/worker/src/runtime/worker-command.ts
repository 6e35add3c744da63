import { basename, resolve } from 'node:path';
import type { FlowConfig } from '@mft/graph';
import { connect, connectWorker } from '../connection/connect.js';
import { recordDeployment } from '../deployment/record.js';
import { publishCommand } from '../events/command.js';
import { capacityOf } from '../options.js';
import { registerSearchAttributes } from '../search/register.js';
import { openWorkerService } from '../service/service.js';
import { defaultMaxWorkers } from '../worker/capacity.js';
import { runWorker } from '../worker/flow-worker.js';
import type { Logger } from '../worker/logger.js';
import type { Deployment } from './deployment.js';
import { unpackExtension } from './extension.js';
import type { WorkerFlags } from './program.js';

/**
 * `node FILE`: work until told to stop.
 *
 * @returns the exit status
 */
export async function work(deployment: Deployment, flags: WorkerFlags): Promise<number> {
  const { config, hash, file } = deployment;
  const service = await openWorkerService(flags);
  const { logger, taskLine, launcherLine } = service;
  try {
    const [{ connection, namespace, address, dataConverter }, extensionPath] = await Promise.all([
      connectWorker(flags, logger),
      unpackExtension(deployment.extension),
    ]);
    const { python, mode, preload, grace, maxWorkers = config.maxWorkers ?? defaultMaxWorkers() } = flags;
    try {
      await runWorker({
        ...{ config, hash, connection, namespace, dataConverter, extensionPath, logger },
        ...{ ...capacityOf(flags), grace, maxWorkers, python, mode, preload },
        workflowBundle: { code: deployment.workflows() },
        publish: {
          command: publishCommand([process.execPath, resolve(file)], '--namespace', flags, { address, namespace }),
          deployed: true,
        },
        onLog: taskLine,
        onLauncherLog: launcherLine,
        onHealth: (source) => service.reportHealth(source),
        onReady: () => {
          ready(logger, config, `${address}, namespace ${namespace}`, maxWorkers, file);
          void record(deployment, flags, logger);
        },
      });
      return 0;
    } finally {
      await connection.close();
    }
  } finally {
    await service.close();
  }
}

function ready(logger: Logger, config: FlowConfig, where: string, maxWorkers: number, file: string): void {
  const required = config.parameters.filter((p) => p.required).map((p) => ` ${p.name}=…`);
  const start = `node ${basename(file)} trigger${required.join('')}`;
  logger.info(
    `${config.flow.name}: polling ${config.taskQueue} at ${where}, ${maxWorkers} tasks at a time; start a run with "${start}"`,
  );
}

/** So that it can be triggered and listed from anywhere. Work does not wait for it, nor depend on it. */
async function record({ config, hash, createdAt }: Deployment, flags: WorkerFlags, logger: Logger): Promise<void> {
  if (createdAt === undefined) return;
  try {
    const { client, connection } = await connect(flags);
    try {
      await registerSearchAttributes(client);
      const { outcome, record } = await recordDeployment(client, config, { hash, createdAt });
      if (outcome !== 'kept') logger.info(`${config.name}: recorded, so that "mft trigger ${config.name}" finds it`);
      else if (record.hash !== hash)
        logger.warn(
          `${config.name}: a newer deployment, of ${record.createdAt}, is on record; runs that name no version get this file's`,
        );
    } finally {
      await connection.close();
    }
  } catch (error) {
    logger.warn(`${config.name} could not be recorded: ${error instanceof Error ? error.message : String(error)}`);
  }
}
