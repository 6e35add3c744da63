import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastJson } from '../lib/process.mjs';
import { ask, EXAMPLES, FLOWS, useBench } from './support.js';

const bench = useBench();
const flow = path.join(FLOWS, 'parameters.py');

describe('parameters of mft run', () => {
  it("reach the flow as their types, and defaults are Metaflow's", async () => {
    const words = [
      'text=a b=c',
      'whole=-7',
      'real=1e3',
      'yes=true',
      'tree={"a":[1,null]}',
      'with-dash=x',
      'several=1,2',
    ];
    const result = await bench.mft('run', flow, '--json', ...words);
    expect(result.status, result.stderr).toBe(0);
    const seen = await ask(bench, lastJson(result.stdout)!.pathspec, 'run["start"].task.data.seen');
    expect(seen).toEqual([
      ...["'a b=c'", '-7', '1000.0', 'True', "{'a': [1, None]}", "'x'", "['1', '2']"],
      ...["'kept'", '42', '2.5', 'True', "{'k': [1, 2]}", 'None', "'made for ParametersFlow'"],
    ]);
  });

  it('may be far larger than an argument vector allows', async () => {
    const text = 'x'.repeat(100_000);
    const result = await bench.mft('run', flow, '--json', `text=a b ${text}`);
    expect(result.status, result.stderr.slice(-2000)).toBe(0);
    expect(await ask(bench, lastJson(result.stdout)!.pathspec, 'len(run.data.text)')).toBe(100_004);
  });

  it.each([
    ['a missing one', [], 'text'],
    ['an unknown one', ['text=a b', 'hole=3'], 'whole'],
    ['a wrong int', ['text=a b', 'whole=three'], 'whole'],
    ['a wrong JSON', ['text=a b', 'tree={'], 'tree'],
  ])('are refused before anything starts: %s', async (_, words, named) => {
    const result = await bench.mft('run', flow, '--json', ...words);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(named);
    expect(result.stderr).not.toContain('    at ');
    expect(lastJson(result.stdout)).toMatchObject({ error: { code: expect.stringMatching(/PARAMETER/) } });
  });

  it('come before or after the options and the file', async () => {
    const result = await bench.mft(
      'run',
      '--json',
      'greeting=hi',
      path.join(EXAMPLES, 'hello.py'),
      '--tag',
      'a',
      'times=2',
    );
    expect(result.status, result.stderr).toBe(0);
    expect(await ask(bench, lastJson(result.stdout)!.pathspec, '[run.data.message, "a" in run.tags]')).toEqual([
      'hi hi, world',
      true,
    ]);
  });
});

describe('what is no flow', () => {
  it.each([
    ['no such file', 'nothing.py'],
    ['a file without a flow', path.join(FLOWS, 'beside.py')],
  ])('%s is bad usage', async (_, file) => {
    const result = await bench.mft('run', file);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(path.basename(file));
  });
});
