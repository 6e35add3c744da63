import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { comparePair, readCase } from '../equivalence/pair.mjs';
import { ROOT } from '../lib/paths.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { defaults, here, useBackends } from './backends.js';
import { ask, useBench } from './support.js';

/*
 * Decorators that Metaflow does not bring: a third party's, in an extension beside the flow, and those that replace a step's command.
 */

const EXTENDED = path.join(ROOT, 'e2e/extended');
const bench = useBench();
const backends = useBackends();

type Hook = Record<string, unknown> & { pid: number; role: string; hook: string };

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

/** What each process of a run was told, in order; processes of no run (Node asks the flow about itself first) are left out. */
function hooksBy(file: string) {
  const processes = new Map<number, Hook[]>();
  for (const hook of lines(file) as Hook[]) {
    if (hook.role !== 'other') processes.set(hook.pid, [...(processes.get(hook.pid) ?? []), hook]);
  }
  const texts = (hooks: Hook[]) => hooks.map(({ pid: _, role: __, ...said }) => JSON.stringify(said));
  const all = [...processes.values()];
  return {
    // Metaflow makes the package in a thread, and tasks of a foreach end in any order: what is compared is how often it was told what.
    runs: all.filter(([first]) => first?.role === 'run').map((hooks) => texts(hooks).sort()),
    tasks: all
      .filter(([first]) => first?.role === 'step')
      .map((hooks) => texts(hooks).join('\n'))
      .sort(),
  };
}

describe.concurrent("a third party's decorators", () => {
  it('are called by the same hooks with the same arguments, and their options reach every step', async () => {
    const directory = path.join(bench.directory, 'hooks');
    const file = path.join(EXTENDED, 'hooks.py');
    const { differences, tasks } = await comparePair(file, { directory, address: bench.address });
    expect(differences).toEqual([]);
    expect(tasks).toBe(6);
    const [metaflow, ours] = ['metaflow', 'mft'].map((side) => hooksBy(path.join(directory, side, 'hooks.jsonl')));
    expect(metaflow!.runs).toHaveLength(1);
    expect(metaflow!.runs[0]).toContainEqual(
      expect.stringContaining('"hook":"runtime_finished","step":"start","failed":false'),
    );
    expect(metaflow!.tasks).toHaveLength(8);
    expect(ours).toEqual(metaflow);
  });
});

describe.concurrent('a decorator that has its step run elsewhere', () => {
  const file = path.join(EXTENDED, 'elsewhere.py');

  it(
    'gets the package saved and its command run: artifacts, logs, retries, @catch, foreach, switch and join are the same',
    { timeout: 300_000 },
    async () => {
      const directory = path.join(bench.directory, 'elsewhere');
      const { differences, tasks } = await comparePair(file, { directory, address: bench.address });
      expect(differences).toEqual([]);
      expect(tasks).toBe(11);
    },
  );

  it('does so from a deployment too, on a worker that has no copy of the flow', { timeout: 300_000 }, async () => {
    const pathspec = await deployed(file, { size: 1 });
    const elsewhere = { elsewhere: true, plain: true, cwd: true };
    expect(
      await ask(
        bench,
        pathspec,
        '[run.successful, run["start"].task.data.place, run["join"].task.data.places, run["risky"].task.data.before, run["meet"].task.data.here["elsewhere"], run["start"].task.stdout, run["start"].task.code.script_name, run["end"].task.code.script_name]',
      ),
    ).toEqual([true, elsewhere, [elsewhere], elsewhere, true, 'start says HELLO\n', 'elsewhere.py', 'elsewhere.py']);
  });
});

describe.concurrent('a decorator that has its step run by another interpreter', () => {
  const file = path.join(EXTENDED, 'interpreted.py');

  it('gets what @conda and @pypi need: the same artifacts and logs', { timeout: 300_000 }, async () => {
    const directory = path.join(bench.directory, 'interpreted');
    const { differences, tasks } = await comparePair(file, { directory, address: bench.address });
    expect(differences).toEqual([]);
    expect(tasks).toBe(5);
  });

  it('does so from a deployment too', { timeout: 300_000 }, async () => {
    const pathspec = await deployed(file, {});
    expect(
      await ask(
        bench,
        pathspec,
        '[run.successful, run["start"].task.data.plain, run["join"].task.data.plains, run["end"].task.data.here, run["start"].task.stdout]',
      ),
    ).toEqual([true, true, [true, true], false, 'BY ANOTHER\n']);
  });
});

/** Deploy a flow, run it once on a worker of its own, and answer the run's pathspec. */
async function deployed(file: string, params: Record<string, unknown>): Promise<string> {
  const { flow } = readCase(file);
  const output = path.join(bench.directory, `${flow}_worker.mjs`);
  await createWorkerFile(file, output, { cwd: bench.directory, env: bench.env });
  const taskQueue = `metaflow-${flow}`;
  const worker = bench.keep(
    await startWorker(output, { cwd: bench.directory, env: bench.env, client: bench.client, taskQueue }),
  );
  const options = { taskQueue, workflowId: `${flow}-deployed`, args: [{ params }] };
  const result = (await bench.client.workflow.execute('MetaflowWorkflow', options)) as { pathspec: string };
  await worker.stop();
  return result.pathspec;
}

describe.concurrent("Metaflow's own @kubernetes and @batch", () => {
  const file = path.join(EXTENDED, 'cloud.py');

  it("need a datastore in the cloud, in Metaflow's words", async () => {
    const result = await bench.mft('run', file);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(/The \*@(kubernetes|batch)\* decorator requires --datastore=s3/);
  });

  it.runIf(here.s3)('are started with the command lines that metaflow run composes', { timeout: 500_000 }, async () => {
    const directory = path.join(bench.directory, 'cloud');
    const record = (side: string) => path.join(bench.directory, `${side}-commands.jsonl`);
    const extra = (side: string) => ({
      ...defaults('s3', 'local', ''),
      ...backends.bucket(`cloud-${side}`),
      RECORDED_COMMANDS: record(side),
      METAFLOW_BATCH_JOB_QUEUE: 'queue',
      METAFLOW_ECS_S3_ACCESS_IAM_ROLE: 'arn:aws:iam::1:role/s3',
    });
    const spec = { options: ['--datastore=s3', '--metadata=local'] };
    const result = await comparePair(file, { directory, address: bench.address, spec, extra });
    expect(result.differences).toEqual([]);
    const commands = (side: 'metaflow' | 'mft') =>
      (lines(record(side)) as string[][]).map((words) => plain(words, result.runs[side]!)).sort();
    expect(commands('metaflow')).toHaveLength(6);
    expect(commands('metaflow').join('\n')).toContain(' kubernetes step start ');
    expect(commands('metaflow').join('\n')).toContain(' batch step join ');
    expect(commands('mft')).toEqual(commands('metaflow'));
  });
});

/** A command line without what no two runs have in common: ids, the package's hash, our own decorator, and the bucket. */
function plain(words: readonly string[], runId: string): string {
  return words
    .join(' ')
    .replace(' --with temporal_internal', '')
    .replaceAll(runId, '<run>')
    .replace(/--task-id \S+/, '--task-id <task>')
    .replace(/--input-paths \S+/, '--input-paths <inputs>')
    .replace(/\b[0-9a-f]{40}\b/g, '<sha>')
    .replace(/data\/[0-9a-f]{2}\//g, 'data/')
    .replaceAll(/cloud-(metaflow|mft)/g, '<bucket>')
    .replace(/--local-config-file \S+/, '');
}
