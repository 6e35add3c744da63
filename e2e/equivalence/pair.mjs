import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isolated, lastJson, mft, run } from '../lib/process.mjs';
import { ROOT, python } from '../lib/paths.mjs';
import { compareRuns } from './compare.mjs';

/**
 * What to run a flow with. A flow file may say so itself, in a comment `# equivalence: {…}` on its first line.
 *
 * @typedef {{ params?: Record<string, unknown>, tags?: string[], options?: string[], fails?: boolean }} Case
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
 * @returns {Promise<import('./compare.mjs').RunSnapshot>}
 */
export async function snapshot(file, flow, runId, directory) {
  const answer = path.join(directory, `${runId}.json`);
  const script = path.join(ROOT, 'e2e/equivalence/snapshot.py');
  const result = await run(python(), [script, file, flow, runId, answer], { cwd: directory, env: isolated(directory) });
  if (result.status !== 0) throw new Error(`The snapshot of ${flow}/${runId} failed:\n${result.stderr}`);
  return JSON.parse(readFileSync(answer, 'utf8'));
}

/**
 * Run a flow as `python FLOW run`.
 *
 * @param {string} file
 * @param {Case & { flow: string }} spec
 * @param {string} directory its datastore, created
 * @returns {Promise<import('./compare.mjs').Side & { seconds: number }>}
 */
export async function runMetaflow(file, spec, directory) {
  mkdirSync(directory, { recursive: true });
  const idFile = path.join(directory, 'run-id');
  const args = [file, '--no-pylint', ...(spec.options ?? []), 'run', '--run-id-file', idFile];
  for (const tag of spec.tags ?? []) args.push('--tag', tag);
  for (const [name, value] of Object.entries(spec.params ?? {})) args.push(`--${name}`, word(value));
  const result = await run(python(), args, { cwd: directory, env: isolated(directory) });
  const runId = existsSync(idFile) ? readFileSync(idFile, 'utf8').trim() : undefined;
  const seen = runId === undefined ? undefined : await snapshot(file, spec.flow, runId, directory);
  return { status: result.status, snapshot: seen, output: result.stdout + result.stderr, seconds: result.seconds };
}

/**
 * Run a flow as `mft run FLOW`.
 *
 * @param {string} file
 * @param {Case & { flow: string }} spec
 * @param {string} directory its datastore, created
 * @param {string} address of the Temporal server
 * @returns {Promise<import('./compare.mjs').Side & { seconds: number }>}
 */
export async function runMft(file, spec, directory, address) {
  mkdirSync(directory, { recursive: true });
  const args = ['run', file, '--no-pylint', ...(spec.options ?? []), '--json'];
  for (const tag of spec.tags ?? []) args.push('--tag', tag);
  for (const [name, value] of Object.entries(spec.params ?? {})) args.push(`${name}=${word(value)}`);
  const result = await mft(args, { cwd: directory, env: isolated(directory, { TEMPORAL_ADDRESS: address }) });
  const runId = lastJson(result.stdout)?.runId ?? undefined;
  const seen = runId === undefined ? undefined : await snapshot(file, spec.flow, runId, directory);
  return { status: result.status, snapshot: seen, output: result.stdout + result.stderr, seconds: result.seconds };
}

/**
 * Run a flow both ways, each in a datastore of its own below `directory`, and compare.
 *
 * @param {string} file absolute
 * @param {{ directory: string, address: string }} options
 * @returns {Promise<{ flow: string, tasks: number, differences: string[], refused: boolean, seconds: { metaflow: number, mft: number } }>}
 *   `refused`: Metaflow itself failed where the case does not expect it, so that there is nothing to compare with
 */
export async function comparePair(file, { directory, address }) {
  const spec = readCase(file);
  const [metaflow, ours] = [
    await runMetaflow(file, spec, path.join(directory, 'metaflow')),
    await runMft(file, spec, path.join(directory, 'mft'), address),
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
  };
}
