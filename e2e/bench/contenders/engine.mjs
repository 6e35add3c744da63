import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileFlow } from '@mft/compiler';
import { LIMITS } from '@mft/interpreter';
import { isolated, killGroup } from '../../lib/process.mjs';

const WORKER = path.join(import.meta.dirname, '../engine/worker.mjs');

/**
 * The interpreter, and the same foreach written by hand, over activities that do nothing.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../lib/context.mjs').BenchFlow} flow
 */
export async function openEngine({ directory, server, client }, flow) {
  const env = isolated(directory);
  const { plan } = await compileFlow(flow.file, { env });
  const file = path.join(directory, 'plan.json');
  writeFileSync(file, JSON.stringify(plan));
  const taskQueue = `engine-${randomUUID()}`;
  const child = spawn(process.execPath, [WORKER, server.address, taskQueue, file], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => killGroup(child.pid));
  await once(child.stdout, 'data');

  /** @param {string} type @param {object} argument */
  const execute = async (type, argument) => {
    const workflowId = `${type}-${randomUUID()}`;
    const from = performance.now();
    await client.workflow.execute(type, { taskQueue, workflowId, args: [argument] });
    return { seconds: (performance.now() - from) / 1000, workflowId };
  };
  return {
    /** @param {number} width @param {number} [rounds] */
    interpreter: (width, rounds = 1) => execute('MetaflowWorkflow', { params: { width, rounds } }),
    /** @param {number} width */
    byHand: (width) => {
      const { window, childThreshold: threshold, childSize: size, childWindow, childrenAtOnce: atOnce } = LIMITS;
      return execute('byHand', { ...{ width, window, threshold, size, childWindow, atOnce } });
    },
    /** One workflow with as many activities as it may have pending: what the server can at best. @param {number} width */
    flat: (width) => execute('byHandRange', { from: 0, to: Math.min(width, 1900), window: 100 }),
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
