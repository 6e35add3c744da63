import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isolated, killGroup, run } from '../../lib/process.mjs';
import { polled } from '../../lib/temporal.mjs';
import { pythonWith } from '../../../scripts/lib/venv.mjs';
import { versions } from '../lib/machine.mjs';

/** What is compared with. */
export const PACKAGE = 'metaflow-temporal==0.4.9';

/*
 * The wheel (and the source archive) lacks the template of the generated file. What it must hold follows from who fills it: its
 * worker's code, its config, and the call that starts the worker. Nothing of the package is changed.
 */
const TEMPLATE = `{{{utils}}}

CONFIG = json.loads(r"""{{{config}}}""")

if __name__ == "__main__":
    asyncio.run(WorkerUtils.run_worker(CONFIG))
`;

const FOLDER = 'import metaflow_extensions.temporal.plugins.temporal as p; print(p.__path__[0])';

/**
 * The Python package of the same idea, in an environment of its own; undefined where it cannot be had, with the reason printed.
 *
 * @returns {Promise<string | undefined>} its Python
 */
export async function pythonPackage() {
  try {
    const python = await pythonWith(versions().metaflow, 'python3', [PACKAGE]);
    const found = await run(python, ['-c', FOLDER], { cwd: '/', env: isolated('/tmp') });
    const template = path.join(found.stdout.trim(), 'worker_template.mustache');
    if (found.status !== 0) throw new Error(found.stderr);
    if (!existsSync(template)) writeFileSync(template, TEMPLATE);
    return python;
  } catch (error) {
    console.log(`${PACKAGE} is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/**
 * Its worker for a flow, polling.
 *
 * @param {import('../lib/context.mjs').Context} context
 * @param {import('../lib/context.mjs').BenchFlow} flow
 * @param {string} python - as {@link pythonPackage} gives it
 */
export async function openPythonPackage({ directory, server, client }, flow, python) {
  const folder = path.join(directory, `package-${flow.name}`);
  mkdirSync(folder, { recursive: true });
  const env = isolated(folder, { METAFLOW_PYTHON: python, PATH: `${path.dirname(python)}:${process.env.PATH ?? ''}` });
  const file = path.join(folder, 'worker.py');
  const taskQueue = `package-${randomUUID()}`;
  const words = [
    '--no-pylint',
    'temporal',
    'create',
    '-o',
    file,
    '--temporal-host',
    server.address,
    '--task-queue',
    taskQueue,
  ];
  const created = await run(python, [flow.file, ...words, '--max-workers', '16'], { cwd: folder, env });
  if (created.status !== 0)
    throw new Error(`${PACKAGE} cannot compile ${flow.name}:\n${created.stdout}${created.stderr}`);
  const child = spawn(python, [file], { cwd: folder, env, detached: true, stdio: 'ignore' });
  process.once('exit', () => killGroup(child.pid));
  await polled(client, taskQueue);

  /** @param {Record<string, unknown>} params @param {number} timeout milliseconds */
  const start = (params, timeout) =>
    client.workflow.start('MetaflowWorkflow', {
      taskQueue,
      workflowId: randomUUID(),
      args: [{ config: null, params, _use_embedded_config: true }],
      workflowExecutionTimeout: timeout,
    });

  /** @param {Record<string, unknown>} params */
  const execute = async (params) => {
    const from = performance.now();
    const run = await start(params, 3_600_000);
    await run.result();
    return (performance.now() - from) / 1000;
  };

  /**
   * What the server says first against a run that cannot go on.
   *
   * @param {Record<string, unknown>} params
   * @returns {Promise<string>}
   * @throws Error where the run ends, or where nothing is said for a minute
   */
  const refusal = async (params) => {
    const run = await start(params, 60_000);
    const ended = run.result().catch(() => undefined);
    try {
      for (;;) {
        const over = await Promise.race([ended.then(() => true), sleep(1000, false)]);
        const { events } = await run.fetchHistory();
        const said = events?.map((event) => event.workflowTaskFailedEventAttributes?.failure?.message).find(Boolean);
        if (said) return said;
        if (over) throw new Error(`${PACKAGE} ran ${JSON.stringify(params)}, or said nothing.`);
      }
    } finally {
      await run.terminate().catch(() => undefined);
      // Nobody may still ask when the connection is closed.
      await ended;
    }
  };
  return { execute, refusal, stop: () => killGroup(child.pid) };
}
