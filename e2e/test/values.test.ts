import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCase } from '../equivalence/pair.mjs';
import { ROOT } from '../lib/paths.mjs';
import { lastJson } from '../lib/process.mjs';
import { createWorkerFile, startWorker } from '../lib/worker.mjs';
import { ask, FLOWS, useBench } from './support.js';

/** What `start` of the run saw, a line of Python a value. */
const SEEN = 'run["start"].task.data.seen';

describe('a deployment', () => {
  const bench = useBench({ E2E_MADE: 'on the creating machine' });
  const at = { cwd: bench.directory, env: bench.env };
  const source = path.join(bench.directory, 'src');
  const file = path.join(bench.directory, 'values_worker.mjs');
  const here = path.join(bench.directory, 'here');
  const large = 'x'.repeat(300_000);
  /** `node FILE trigger …` in a folder of its own, whose files the worker does not see. */
  const trigger = (...words: string[]) => bench.node('--no-warnings', file, 'trigger', '--json', ...words);
  const seen = async (result: { status: number; stdout: string; stderr: string }) => {
    expect(result.status, result.stderr).toBe(0);
    return (await ask(bench, lastJson(result.stdout)!.pathspec, SEEN)) as string[];
  };
  const hashes: string[] = [];

  beforeAll(async () => {
    cpSync(path.join(ROOT, 'e2e/fixtures/values'), source, { recursive: true });
    mkdirSync(here);
    writeFileSync(path.join(here, 'raw.bin'), Buffer.from([0, 255, 10]));
    writeFileSync(path.join(here, 'latin.txt'), Buffer.from('größe', 'latin1'));
    writeFileSync(path.join(bench.directory, 'big.json'), JSON.stringify({ name: 'large', long: large }));
    const flow = path.join(source, 'values.py');
    for (const options of [[], ['--config', 'settings', 'big.json']]) {
      const { stdout } = await createWorkerFile(flow, file, { ...at, options: ['--json', ...options] });
      hashes.push((lastJson(stdout) as unknown as { hash: string }).hash);
    }
    // Neither flow nor config nor default file is left, and what the default was made of has changed.
    rmSync(source, { recursive: true });
    rmSync(path.join(bench.directory, 'big.json'));
    const env = { ...bench.env, E2E_MADE: 'on the worker' };
    bench.keep(await startWorker(file, { ...at, env, client: bench.client, taskQueue: 'metaflow-ValuesFlow' }));
  });

  it('is another one with another config', () => {
    expect(new Set(hashes).size).toBe(2);
  });

  it('has the defaults and configs of its creation, and takes files from where the run is started', async () => {
    const result = await trigger(
      'raw=here/raw.bin',
      'latin=here/latin.txt',
      'tree={"a": 1.0, "b": [NaN]}',
      'with_dash=--x',
    );
    const values = await seen(result);
    expect(values).toEqual([
      ...["b'\\x00\\xff\\n'", "'größe'", "['noted', 'when', 'created']", '1', "{'a': 1.0, 'b': [nan]}", "'--x'"],
      ...["'on the creating machine'", "'large'"],
    ]);
    expect(await ask(bench, lastJson(result.stdout)!.pathspec, 'run["start"].task.data.sizes')).toEqual([0, 300_000]);
  });

  it('takes values that are too long for a command line from a file', async () => {
    const params = { raw: 'here/raw.bin', text: 'é\n"'.repeat(70_000), count: 7 };
    writeFileSync(path.join(bench.directory, 'params.json'), JSON.stringify(params));
    const result = await trigger('--params-file', 'params.json', 'count=8');
    expect((await seen(result))[3]).toBe('8');
    expect(await ask(bench, lastJson(result.stdout)!.pathspec, 'len(run.data.text)')).toBe(210_000);
  });

  it('refuses what Temporal would not carry, and a file that is not there, before a run is started', async () => {
    writeFileSync(path.join(bench.directory, 'huge.json'), JSON.stringify({ text: 'x'.repeat(3_000_000) }));
    const before = (await bench.client.workflow.count('TaskQueue = "metaflow-ValuesFlow"')).count;
    const huge = await trigger('--params-file', 'huge.json', 'raw=here/raw.bin');
    expect(huge.status).toBe(2);
    expect(huge.stderr).toMatch(/\[PARAMETERS_TOO_LARGE\].*"text" alone 3\.0 MB/);
    expect(huge.stderr).toContain('IncludeFile');
    const missing = await trigger('raw=here/nothing.bin');
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('"here/nothing.bin" cannot be read')]);
    expect((await bench.client.workflow.count('TaskQueue = "metaflow-ValuesFlow"')).count).toBe(before);
  });

  it.each([
    ['a value of another type', { count: 'many' }, /count.*many is not a valid integer/],
    ['JSON that is none', { tree: '{' }, /\{ is not a valid JSON object/],
    ['a name that the flow has not', { cuont: 1 }, /no such option: --cuont {2}Did you mean --count\?/],
    ['another option of run', { 'max-workers': 1 }, /no such option: --max-workers/],
    ['no value for a required one', { raw: null }, /[Mm]issing option.*--raw/],
  ])("refuses with Metaflow's own words, whoever started it: %s", async (_, params, message) => {
    const args = [{ params: { raw: path.join(here, 'raw.bin'), ...params } }];
    const running = bench.client.workflow.execute('MetaflowWorkflow', {
      ...{ taskQueue: 'metaflow-ValuesFlow', workflowId: `Refused-${Math.random()}`, args },
    });
    const failure = await running.then(
      () => undefined,
      (error: { cause?: { type?: string; message?: string } }) => error.cause,
    );
    expect(failure?.type).toBe('RunNotStarted');
    expect(failure?.message).toMatch(message);
  });

  it('takes plain JSON from any client: objects, null for the default, dashes or underscores', async () => {
    const params = {
      raw: path.join(here, 'raw.bin'),
      count: 3,
      tree: { a: [1, null] },
      made: null,
      with_dash: 'd',
      notes: null,
    };
    const workflowId = 'ValuesFlow-plain-json';
    await bench.client.workflow.execute('MetaflowWorkflow', {
      ...{ taskQueue: 'metaflow-ValuesFlow', workflowId, args: [{ params }] },
    });
    expect(await ask(bench, `ValuesFlow/temporal-${workflowId}`, SEEN)).toEqual([
      ...["b'\\x00\\xff\\n'", 'None', "['noted', 'when', 'created']", '3', "{'a': [1, None]}", "'d'"],
      ...["'on the creating machine'", "'large'"],
    ]);
  });
});

describe('parameters of every kind', () => {
  const bench = useBench();

  it('are the same in a run of a deployment as under metaflow run', async () => {
    const flow = path.join(FLOWS, 'parameter_kinds.py');
    const file = path.join(bench.directory, 'kinds_worker.mjs');
    const { words } = readCase(flow);
    const at = { cwd: bench.directory, env: bench.env };
    const [plain] = await Promise.all([
      bench.python(flow, '--no-pylint', 'run', '--run-id-file', 'run-id', ...words!.metaflow),
      createWorkerFile(flow, file, at),
    ]);
    expect(plain.status, plain.stdout).toBe(0);
    bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-ParameterKindsFlow' }));
    const triggered = await bench.node(file, 'trigger', '--json', ...words!.mft);
    expect(triggered.status, triggered.stderr).toBe(0);
    const runId = readFileSync(path.join(bench.directory, 'run-id'), 'utf8').trim();
    const expected = await ask(bench, `ParameterKindsFlow/${runId}`, SEEN);
    expect(await ask(bench, lastJson(triggered.stdout)!.pathspec, SEEN)).toEqual(expected);
  });
});

describe("options that a flow's decorators declare", () => {
  const bench = useBench();
  const flow = path.join(ROOT, 'e2e/fixtures/flavour/flavoured.py');
  const typed = ['--flavour', 'a b', '--note=n', '--topping', '--x', '--topping=y'];
  const told = ['a b', null, ['--x', 'y']];
  /** The first task's view, and whether the run's own process had the note. */
  const VIEW = `[${SEEN}, "note:n" in run.system_tags]`;

  it('reach the run and its tasks as under metaflow run', async () => {
    const plain = await bench.python(flow, '--no-pylint', ...typed, 'run', '--run-id-file', 'run-id');
    expect(plain.status, plain.stdout).toBe(0);
    const runId = readFileSync(path.join(bench.directory, 'run-id'), 'utf8').trim();
    expect(await ask(bench, `FlavouredFlow/${runId}`, VIEW)).toEqual([told, true]);
    const ours = await bench.mft('run', flow, '--json', ...typed.map((word) => `--metaflow-option=${word}`));
    expect(ours.status, ours.stderr).toBe(0);
    expect(await ask(bench, lastJson(ours.stdout)!.pathspec, VIEW)).toEqual([told, true]);
  });

  it('are kept by a deployment made with `python flow.py … temporal create`', async () => {
    const file = path.join(bench.directory, 'flavoured_worker.mjs');
    const env = {
      ...bench.env,
      PYTHONPATH: path.join(ROOT, 'packages/metaflow-extension/python'),
      MFT_CLI: path.join(ROOT, 'packages/cli/bin/mft.js'),
    };
    const { run } = await import('../lib/process.mjs');
    const created = await run(bench.env.METAFLOW_PYTHON!, [flow, '--no-pylint', ...typed, 'temporal', 'create', file], {
      ...{ cwd: bench.directory, env },
    });
    expect(created.status, created.stderr).toBe(0);
    const at = { cwd: bench.directory, env: bench.env };
    bench.keep(await startWorker(file, { ...at, client: bench.client, taskQueue: 'metaflow-FlavouredFlow' }));
    const triggered = await bench.node(file, 'trigger', '--json');
    expect(triggered.status, triggered.stderr).toBe(0);
    expect(await ask(bench, lastJson(triggered.stdout)!.pathspec, VIEW)).toEqual([told, true]);
  });

  it('are named in the hint where one is given to mft itself', async () => {
    const result = await bench.mft('create', flow, '--flavour', 'x');
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('--metaflow-option=--flavour=…');
  });
});
