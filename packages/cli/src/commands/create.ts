import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { TokenOptions } from '@mft/compiler';
import { MftError } from '@mft/graph';
import { flowFile, isParameter } from '../argv.js';
import type { Context, Result } from '../context.js';
import { readFlow, type CompileFlags, type Compiled } from '../flow.js';
import type { TemporalFlags } from '../options.js';
import { checkOutput, shellWord } from '../output.js';
import { openRecorder, type Recorder, type Recording } from '../recording.js';
import { scheduleJson, scheduleLine } from '../schedule-state.js';

/** Flags of `mft create`. */
export interface CreateFlags extends CompileFlags, TemporalFlags {
  readonly output?: string;
  /** Production token of the deployment, where somebody else made it. */
  readonly authorize?: string;
  readonly generateNewToken?: true;
  readonly newToken?: string;
  /** Print the config; write, save and record nothing. */
  readonly dryRun?: true;
  /** The same, by the name that Metaflow's other orchestrators have for it. */
  readonly onlyJson?: true;
}

/**
 * `mft create`: compile a flow, save its code package in the datastore, write the worker file, and record the deployment where a server
 * is in reach. Where none is, the worker file records it when it runs.
 *
 * @throws MftError BAD_OUTPUT, CONFLICTING_OPTIONS, EXCESS_ARGUMENT for a parameter, as {@link readFlow} and as {@link openRecorder}
 */
export async function create(words: readonly string[], flags: CreateFlags, context: Context): Promise<Result> {
  // A second word is the file to write; what looks like a parameter and not like JavaScript was meant as one.
  const meant = words.filter((word, i) => i !== 1 || !/\.[cm]?js$/.test(word));
  const file = flowFile('create', meant.length > 1 && isParameter(meant[1] ?? '') ? meant : words.slice(0, 1));
  const output = await outputOf(file, words[1], flags.output);
  if (flags.dryRun || flags.onlyJson) {
    const { config } = await readFlow(file, flags, context);
    return { text: JSON.stringify(config, undefined, 2), json: config };
  }
  // Before anything is saved: a server that was named and does not answer ends the command.
  const recorder = await openRecorder(flags, context);
  try {
    const { config, hash } = await readFlow(file, flags, context, {
      savePackage: true,
      tokens: tokensOf(flags, recorder),
    });
    const createdAt = new Date().toISOString();
    const { renderWorkerFile } = await import('@mft/worker');
    await writeWhole(output, await renderWorkerFile(config, { hash, createdAt, fileName: basename(output) }));
    const recording = await recorder.record(config, { hash, createdAt });
    if (recording.warning !== undefined) context.warn(`warning: ${recording.warning}`);
    return resultOf({ config, hash }, createdAt, output, recording);
  } finally {
    await recorder.close();
  }
}

/** Under another name than `@project` gives it, a deployment is asked for by that. */
function tokensOf({ authorize, generateNewToken, newToken, name }: CreateFlags, { recorded }: Recorder): TokenOptions {
  return {
    ...(authorize === undefined ? {} : { authorize }),
    ...(generateNewToken === true ? { generate: true } : {}),
    ...(newToken === undefined ? {} : { given: newToken }),
    recorded: (ofProject) => recorded(name ?? ofProject),
  };
}

function resultOf({ config, hash }: Compiled, createdAt: string, output: string, recording: Recording): Result {
  const { name, taskQueue, triggers } = config;
  const [worker, parameters] = [`node ${shellWord(output)}`, config.parameters.length > 0 ? ' key=value …' : ''];
  const lines = [
    `${name} is compiled into ${output}`,
    `  Task queue  ${taskQueue}`,
    `  Package     ${config.package?.url ?? 'none'}`,
    `  Recorded    ${recording.told}`,
    ...(config.schedule === undefined ? [] : [`  Schedule    ${scheduleLine(config.schedule, recording.schedule)}`]),
    ...(triggers === undefined ? [] : [`  Waits for   ${triggers.on.map((one) => one.name).join(' and ')}`]),
    `  Run it      ${recording.recorded ? 'mft serve, or ' : ''}${worker}`,
    `  Trigger it  ${recording.recorded ? `mft trigger ${name}` : `${worker} trigger`}${parameters}`,
  ];
  return {
    text: lines.join('\n'),
    json: {
      name,
      flow: config.flow.name,
      file: resolve(output),
      hash,
      taskQueue,
      package: config.package?.url ?? null,
      createdAt,
      recorded: recording.recorded,
      ...(config.schedule === undefined ? {} : { schedule: scheduleJson(config.schedule, recording.schedule) }),
    },
  };
}

/** Refused before anything is compiled or saved. */
async function outputOf(flow: string, positional: string | undefined, option: string | undefined): Promise<string> {
  if (positional !== undefined && option !== undefined && resolve(positional) !== resolve(option)) {
    throw new MftError('CONFLICTING_OPTIONS', `Two files to write are given, "${positional}" and "${option}".`, {
      hint: 'Give one of them.',
    });
  }
  const output = option ?? positional ?? `${basename(flow).replace(/\.py$/, '')}_worker.mjs`;
  if (/\.py$/i.test(output)) {
    throw new MftError('BAD_OUTPUT', `"${output}" ends in .py, but the worker is a JavaScript file.`, {
      hint: `For example: mft create ${flow} -o ${output.replace(/\.py$/i, '.mjs')}`,
    });
  }
  await checkOutput(output);
  return output;
}

/** Nobody ever starts half a file. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.part`;
  try {
    await writeFile(draft, text, { mode: 0o755 });
    await rename(draft, file);
  } catch (cause) {
    await rm(draft, { force: true });
    throw new MftError('BAD_OUTPUT', `"${file}" cannot be written: ${(cause as Error).message}.`, {
      hint: 'Name another place: mft create FLOW.py -o FILE',
      cause,
    });
  }
}
