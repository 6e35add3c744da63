import { basename } from 'node:path';
import { createConsola, type ConsolaInstance } from 'consola/basic';
import type { FlowConfig } from '@mft/graph';
import { connectWorker } from '../connection/connect.js';
import { colorsFor } from '../display/format.js';
import { logFormatter } from '../display/logs.js';
import { defaultMaxWorkers } from '../worker/capacity.js';
import { runWorker } from '../worker/flow-worker.js';
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
  const logger = createConsola({ level: flags.debug === true ? 4 : 3 });
  const [{ connection, namespace, address }, extensionPath] = await Promise.all([
    connectWorker(flags, logger),
    unpackExtension(deployment.extension),
  ]);
  const { python, mode, preload, grace, maxWorkers = defaultMaxWorkers() } = flags;
  try {
    await runWorker({
      ...{ config, hash, connection, namespace, extensionPath, logger, grace, maxWorkers, python, mode, preload },
      workflowBundle: { code: deployment.workflows() },
      onLog: printer(),
      onReady: () => ready(logger, config, `${address}, namespace ${namespace}`, maxWorkers, file),
    });
    return 0;
  } finally {
    await connection.close();
  }
}

function ready(logger: ConsolaInstance, config: FlowConfig, where: string, maxWorkers: number, file: string): void {
  const required = config.parameters.filter((p) => p.required).map((p) => ` ${p.name}=…`);
  const start = `node ${basename(file)} trigger${required.join('')}`;
  logger.info(
    `${config.flow.name}: polling ${config.taskQueue} at ${where}, ${maxWorkers} tasks at a time; start a run with "${start}"`,
  );
}

/** Output of tasks goes where the task sent it. */
function printer(): Parameters<typeof runWorker>[0]['onLog'] {
  const formats = { stdout: logFormatter(colorsFor(process.stdout)), stderr: logFormatter(colorsFor(process.stderr)) };
  return (line) => void process[line.stream].write(`${formats[line.stream](line)}\n`);
}
