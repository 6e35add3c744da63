import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { taskQueueOf } from '@mft/graph';
import { compareRuns } from '../equivalence/compare.mjs';
import { readCase as readFlow, snapshot } from '../equivalence/pair.mjs';
import { python } from '../lib/paths.mjs';
import { isolated, run } from '../lib/process.mjs';
import { connect } from '../lib/temporal.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';

/*
 * Resumes one and the same run by `metaflow resume` and by ours, and compares the two new runs: artifacts, logs, tags, and which tasks
 * were taken over from where.
 *
 * R1. Origins are of both kinds: a local `metaflow run`, and a run of ours. A third is a resumed run that failed again.
 * R2. A flow fails as long as there is a file `broken` in the working directory, so that both find the same world.
 */

/**
 * What a flow file says of itself, in a comment `# resume: {…}`. `steps`: resume from each of these, too. `since`: Metaflow's version
 * that has what the flow uses.
 *
 * @typedef {{ flow: string, steps: string[], since?: string, params: Record<string, string>, tags: string[], options: string[] }} Case
 */

/** @param {string} file @returns {Case} */
export function readCase(file) {
  const comment = /^# resume: (\{.*\})$/m.exec(readFileSync(file, 'utf8'))?.[1];
  const said = comment === undefined ? {} : JSON.parse(comment);
  return { steps: [], params: {}, tags: [], options: [], ...said, flow: readFlow(file).flow };
}

/** @typedef {import('../equivalence/compare.mjs').Side} Side */

/** What a run of a deployment has and a local one may not have: a code package. */
const DEPLOYED = /^(Run\.code|\S+ (code|environment)): metaflow null/;

/** Everything that one flow's comparisons share: a folder, a worker of ours, and a client. */
export class ResumeBench {
  /** @type {{ stop: () => Promise<unknown> } | undefined} */ #worker;
  /** @type {Awaited<ReturnType<typeof connect>> | undefined} */ #connected;
  #count = 0;

  /**
   * @param {string} file of the flow, absolute
   * @param {{ directory: string, address: string, extra?: Record<string, string> | undefined }} options `extra`: further environment variables
   */
  constructor(file, { directory, address, extra }) {
    this.file = file;
    this.case = readCase(file);
    this.directory = directory;
    this.address = address;
    this.queue = `${taskQueueOf(this.case.flow)}-${path.basename(directory)}`;
    mkdirSync(directory, { recursive: true });
    this.extra = extra;
    this.env = isolated(directory, { TEMPORAL_ADDRESS: address, METAFLOW_TEMPORAL_RETRY_WAIT: '0', ...extra });
  }

  /** Whether the flow is to fail. @param {boolean} broken */
  set broken(broken) {
    const mark = path.join(this.directory, 'broken');
    if (broken) writeFileSync(mark, '');
    else rmSync(mark, { force: true });
  }

  async start() {
    this.#connected = await connect(this.address);
    const file = path.join(this.directory, 'worker.mjs');
    const options = [...this.case.options, '--task-queue', this.queue];
    await createWorkerFile(this.file, file, { cwd: this.directory, env: this.env, options });
    const { client } = this.#connected;
    this.#worker = await startWorker(file, { cwd: this.directory, env: this.env, client, taskQueue: this.queue });
  }

  async stop() {
    await this.#worker?.stop();
    await this.#connected?.close();
  }

  /** @param {readonly string[]} words after the top-level options @param {boolean} [configured] @returns {Promise<Side & { runId: string }>} */
  async metaflow(words, configured = false) {
    const idFile = path.join(this.directory, `id-${(this.#count += 1)}`);
    const options = configured ? this.case.options : [];
    const args = [this.file, '--no-pylint', ...options, ...words, '--run-id-file', idFile];
    const result = await run(python(), args, { cwd: this.directory, env: this.env });
    const output = result.stdout + result.stderr;
    if (!existsSync(idFile)) throw new Error(`metaflow ${words.join(' ')} wrote no run id:\n${output}`);
    const runId = readFileSync(idFile, 'utf8').trim();
    return { status: result.status, output, runId, snapshot: await this.#see(runId) };
  }

  /** @param {object} input of the workflow @returns {Promise<Side & { runId: string }>} */
  async mft(input) {
    const client = this.#connected?.client;
    if (client === undefined) throw new Error('The bench was not started.');
    const workflowId = `${this.case.flow}-${path.basename(this.directory)}-${(this.#count += 1)}`;
    const handle = await client.workflow.start('MetaflowWorkflow', {
      taskQueue: this.queue,
      workflowId,
      args: [input],
    });
    let [status, output] = [0, ''];
    await handle.result().catch((/** @type {Error} */ error) => {
      [status, output] = [1, `${error.message}: ${/** @type {Error | undefined} */ (error.cause)?.message}`];
    });
    const runId = `temporal-${workflowId}`;
    return { status, output, runId, snapshot: await this.#see(runId) };
  }

  /** @param {string} runId */
  #see(runId) {
    return snapshot(this.file, this.case.flow, runId, this.directory, this.extra);
  }

  /** @param {string} origin @param {string} [step] */
  async resumeBoth(origin, step) {
    const tags = this.case.tags.flatMap((tag) => ['--tag', tag]);
    const theirs = await this.metaflow(['resume', '--origin-run-id', origin, ...tags, ...(step ? [step] : [])]);
    const ours = await this.mft({ resume: { origin, ...(step ? { step } : {}) }, tags: this.case.tags });
    const differences = compareRuns(theirs, ours).filter((line) => !DEPLOYED.test(line));
    return { theirs, ours, differences: [...differences, ...compareClones(origin, theirs, ours)] };
  }
}

/**
 * Which tasks were cloned, and from which run.
 *
 * @param {string} origin @param {Side} theirs @param {Side} ours
 */
function compareClones(origin, theirs, ours) {
  const found = [];
  const [a, b] = [theirs.snapshot?.tasks ?? {}, ours.snapshot?.tasks ?? {}];
  for (const key of Object.keys(a)) {
    if (b[key] === undefined) continue;
    const [x, y] = [a[key]?.origin, b[key].origin];
    if (JSON.stringify(x) !== JSON.stringify(y))
      found.push(`${key} from: metaflow ${JSON.stringify(x)}, mft ${JSON.stringify(y)}`);
    if (y && y[0] !== origin) found.push(`${key} comes from ${y[0]}, not from ${origin}`);
  }
  return found;
}

/** @param {Side} side */
export function clonesOf(side) {
  const tasks = side.snapshot?.tasks ?? {};
  return Object.keys(tasks).filter((key) => tasks[key]?.origin?.[1]);
}

/**
 * All comparisons of one flow.
 *
 * @param {string} file absolute
 * @param {{ directory: string, address: string, extra?: Record<string, string> | undefined, steps?: boolean, origins?: boolean }} options
 *   `extra`: further environment variables; `steps`: false to leave out the case's own; `origins`: false for the last one alone, a run of
 *   ours that resumed a local one and failed again, and so has tasks of both kinds
 * @returns {Promise<{ name: string, runId: string, cloned: number, tasks: number, differences: string[] }[]>} `runId`: of our resumed run
 */
export async function compareResumes(file, { directory, address, extra, steps = true, origins: all = true }) {
  const bench = new ResumeBench(file, { directory, address, extra });
  const { params, tags } = bench.case;
  const results = [];
  try {
    await bench.start();
    bench.broken = true;
    const words = [...tags.flatMap((tag) => ['--tag', tag]), ...Object.entries(params).map(([k, v]) => `--${k}=${v}`)];
    const local = await bench.metaflow(['run', ...words], true);
    const ours = all ? await bench.mft({ params, tags }) : undefined;
    const again = await bench.mft({ resume: { origin: local.runId }, tags });
    for (const [name, side] of Object.entries({ local, ours, again }))
      if (side?.status === 0) throw new Error(`The origin ${name} was to fail:\n${side.output}`);
    bench.broken = false;
    const origins = ours
      ? { 'a local run': local, 'a run of ours': ours, 'a resumed run': again }
      : { 'a resumed run': again };
    for (const [name, origin] of Object.entries(origins)) {
      for (const step of [undefined, ...(steps && origin !== again ? bench.case.steps : [])]) {
        const { theirs, ours: resumed, differences } = await bench.resumeBoth(origin.runId, step);
        if (theirs.status !== 0) differences.unshift(`metaflow resume failed: ${theirs.output.slice(-800)}`);
        results.push({
          name: `${name}${step ? ` from ${step}` : ''}`,
          runId: resumed.runId,
          cloned: clonesOf(resumed).length,
          tasks: Object.keys(resumed.snapshot?.tasks ?? {}).length,
          differences,
        });
      }
    }
  } finally {
    await bench.stop();
  }
  return results;
}
