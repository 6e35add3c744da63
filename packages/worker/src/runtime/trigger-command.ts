import { basename } from 'node:path';
import { connect } from '../connection/connect.js';
import { colorsFor } from '../display/format.js';
import { incompleteLine } from '../display/compensation.js';
import { formatOutcome } from '../display/outcome.js';
import { givenParameters } from '../run/given.js';
import { exitStatusOf } from '../run/outcome.js';
import { triggerRun } from '../run/trigger.js';
import type { Deployment } from './deployment.js';
import { unpackExtension } from './extension.js';
import type { TriggerFlags } from './program.js';

/** What a shell expects of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * `node FILE trigger`: check the parameters, start a run, wait for it.
 * Results go to standard output, everything else to standard error.
 *
 * @returns the exit status
 */
export async function trigger(deployment: Deployment, words: readonly string[], flags: TriggerFlags): Promise<number> {
  const { config, hash, file } = deployment;
  const { json = false, wait, runIdFile, workflowId, workflowTimeout: timeout } = flags;
  const { maxNumSplits, compensateParallel: parallel } = flags;
  const given = await givenParameters(config.parameters, words, flags.paramsFile);
  const params = await withFiles(deployment, given);
  const input = {
    params,
    ...(flags.tag.length > 0 ? { tags: flags.tag } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(maxNumSplits === undefined ? {} : { maxNumSplits }),
    ...(parallel === undefined ? {} : { compensate: { parallel } }),
  };
  const { client, connection, address } = await connect(flags);
  try {
    const job = { config, hash, input, workflowId, runIdFile, wait, serve: `node ${basename(file)}` };
    const { run, outcome, interrupted } = await triggerRun({ client, address }, job, { say, stream: process.stderr });
    const { pathspec, runId } = run;
    if (outcome === undefined) {
      const running = { status: 'running', pathspec, runId, workflowId: run.workflowId };
      print(json ? JSON.stringify(running) : pathspec);
      return interrupted ? INTERRUPTED : 0;
    }
    const completed = outcome.status === 'completed';
    if (json) print(JSON.stringify(outcome));
    else if (completed) print(formatOutcome(outcome, colorsFor(process.stdout)));
    if (json || !completed) say(formatOutcome(outcome, colorsFor(process.stderr)));
    const incomplete = incompleteLine(outcome);
    if (incomplete !== undefined) say(incomplete);
    return exitStatusOf(outcome);
  } finally {
    await connection.close();
  }
}

/** The extension is unpacked only where a file is given. */
async function withFiles(deployment: Deployment, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { config, extension } = deployment;
  // Loads a part of Temporal's SDK: bad parameters are refused without one.
  const { findIncluded, storeIncluded } = await import('@mft/step-runner');
  const files = await findIncluded(config.parameters, params);
  if (Object.keys(files).length === 0) return params;
  return storeIncluded(config, params, { extensionPath: await unpackExtension(extension) });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
