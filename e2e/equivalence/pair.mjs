import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isolated, lastJson, mft, run } from '../lib/process.mjs';
import { ROOT, python } from '../lib/paths.mjs';
import { compareRuns } from './compare.mjs';

/**
 * What to run a flow with. A flow file may say so itself, in a comment `# equivalence: {…}` on its first line.
 *
 * @typedef {{ params?: Record<string, unknown>, tags?: string[], options?: string[], fails?: boolean,
 *   deco?: string[], env?: Record<string, string>, words?: { metaflow: string[], mft: string[] } }} Case
 *   `words`: what is written otherwise for the one than for the other; `deco`: top-level options that the flow's decorators declare
 */

/**
 * The case that a flow file names, and the name of its flow.
 *
 * @param {string} file
 * @returns {Case & { flow: string }}
 */
export function readCase(file) {
  const text = readFileSync(file, 'utf8');
  const flow = /^class (\w+)\((?:FlowSpec|[\w., ]*FlowSpec)\)/m.exec(text)?.[1];
  if (flow === undefined) throw new Error(`No flow class in ${file}`);
  const comment = /^# equivalence: (\{.*\})$/m.exec(text)?.[1];
  return { flow, ...(comment === undefined ? {} : JSON.parse(comment)) };
}

/** @param {string} file */
export function isFlow(file) {
  return file.endsWith('.py') && /^class \w+\([\w., ]*FlowSpec\)/m.test(readFileSync(file, 'utf8'));
}

/** @param {unknown} value */
const word = (value) =>
  typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);

/**
 * What the client sees of a run.
 *
 * @param {string} file
 * @param {string} flow
 * @param {string} runId
 * @param {string} directory
 * @param {Record<string, string>} [extra] further environment variables
 * @returns {Promise<import('./compare.mjs').RunSnapshot>}
 */
export async function snapshot(file, flow, runId, directory, extra) {
  const answer = path.join(directory, `${runId}.json`);
  const script = path.join(ROOT, 'e2e/equivalence/snapshot.py');
  const result = await run(python(), [script, file, flow, runId, answer], {
    cwd: directory,
    env: isolated(directory, extra),
  });
  if (result.status !== 0) throw new Error(`The snapshot of ${flow}/${runId} failed:\n${result.stderr}`);
  return JSON.parse(readFileSync(answer, 'utf8'));
}

/**
 * Run a flow as `python FLOW run`.
 *
 * @param {string} file
 * @param {Case & { flow: string }} spec
 * @param {string} directory its datastore, created
 * @param {Record<string, string>} [extra] further environment variables
 * @returns {Promise<import('./compare.mjs').Side & { seconds: number }>}
 */
export async function runMetaflow(file, spec, directory, extra) {
  mkdirSync(directory, { recursive: true });
  const idFile = path.join(directory, 'run-id');
  const args = [file, '--no-pylint', ...(spec.options ?? []), ...(spec.deco ?? []), 'run', '--run-id-file', idFile];
  for (const tag of spec.tags ?? []) args.push('--tag', tag);
  for (const [name, value] of Object.entries(spec.params ?? {})) args.push(`--${name}`, word(value));
  args.push(...(spec.words?.metaflow ?? []));
  const result = await run(python(), args, { cwd: directory, env: isolated(directory, { ...spec.env, ...extra }) });
  const runId = existsSync(idFile) ? readFileSync(idFile, 'utf8').trim() : undefined;
  const seen = runId === undefined ? undefined : await snapshot(file, spec.flow, runId, directory, extra);
  return { status: result.status, snapshot: seen, output: result.stdout + result.stderr, seconds: result.seconds };
}

/**
 * Run a flow as `mft run FLOW`.
 *
 * @param {string} file
 * @param {Case & { flow: string }} spec
 * @param {string} directory its datastore, created
 * @param {string} address of the Temporal server
 * @param {Record<string, string>} [extra] further environment variables
 * @returns {Promise<import('./compare.mjs').Side & { seconds: number }>}
 */
export async function runMft(file, spec, directory, address, extra) {
  mkdirSync(directory, { recursive: true });
  const args = ['run', file, '--no-pylint', ...(spec.options ?? []), '--json'];
  for (const word of spec.deco ?? []) args.push(`--metaflow-option=${word}`);
  for (const tag of spec.tags ?? []) args.push('--tag', tag);
  for (const [name, value] of Object.entries(spec.params ?? {})) args.push(`${name}=${word(value)}`);
  args.push(...(spec.words?.mft ?? []));
  const result = await mft(args, {
    cwd: directory,
    env: isolated(directory, { ...spec.env, TEMPORAL_ADDRESS: address, ...extra }),
  });
  const runId = lastJson(result.stdout)?.runId ?? undefined;
  const seen = runId === undefined ? undefined : await snapshot(file, spec.flow, runId, directory, extra);
  return { status: result.status, snapshot: seen, output: result.stdout + result.stderr, seconds: result.seconds };
}

/**
 * Run a flow both ways, each in a datastore of its own below `directory`, and compare.
 *
 * @param {string} file absolute
 * @param {{ directory: string, address: string, spec?: Case, extra?: (side: 'metaflow' | 'mft') => Record<string, string> }} options
 *   `spec`: instead of what the file says; `extra`: further environment variables
 * @returns {Promise<{ flow: string, tasks: number, differences: string[], refused: boolean, seconds: { metaflow: number, mft: number },
 *   runs: { metaflow: string | undefined, mft: string | undefined } }>} `runs`: their ids;
 *   `refused`: Metaflow itself failed where the case does not expect it, so that there is nothing to compare with
 */
export async function comparePair(file, { directory, address, spec: given, extra }) {
  const spec = { ...readCase(file), ...given };
  const [metaflow, ours] = [
    await runMetaflow(file, spec, path.join(directory, 'metaflow'), extra?.('metaflow')),
    await runMft(file, spec, path.join(directory, 'mft'), address, extra?.('mft')),
  ];
  const differences = compareRuns(metaflow, ours);
  const refused = (metaflow.status !== 0) !== (spec.fails ?? false);
  if (refused) differences.unshift(`metaflow itself ended with ${metaflow.status}: ${metaflow.output.slice(-800)}`);
  return {
    flow: spec.flow,
    tasks: Object.keys(metaflow.snapshot?.tasks ?? {}).length,
    differences,
    refused,
    seconds: { metaflow: metaflow.seconds, mft: ours.seconds },
    runs: { metaflow: metaflow.snapshot?.runId, mft: ours.snapshot?.runId },
  };
}
