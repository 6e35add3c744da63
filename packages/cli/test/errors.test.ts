import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { fixture, mft, PYTHON, temporaryFolder } from './support/mft.js';
import { findServer } from '../src/server/ensure.js';
import { cleanEnv } from './support/mft.js';

async function refusal(args: readonly string[], env: Record<string, string> = {}) {
  const home = await temporaryFolder();
  await mkdir(join(home, 'folder'));
  await writeFile(
    join(home, 'broken.py'),
    'from metaflow import FlowSpec, step\nraise RuntimeError("while importing")\n',
  );
  const result = await mft(home, args, { env });
  // Nothing is started, whatever is wrong.
  expect(await findServer({ env: cleanEnv(home) })).toBeUndefined();
  expect(result.stdout).toBe('');
  return { stderr: String(result.stderr), exitCode: result.exitCode };
}

describe('bad input is refused before anything is started', () => {
  it.each([
    [['run', 'nowhere.py'], 'FLOW_NOT_FOUND', /There is no file "nowhere\.py"\./],
    [['run', 'folder'], 'NOT_A_FLOW', /is a directory/],
    [['run', fixture('no_flow.py')], 'NOT_A_FLOW', /starts no Metaflow flow\.\n {2}A flow's file ends with/],
    [['publish', 'table=sales'], 'MISSING_ARGUMENT', /No event is named\.\n {2}Name one/],
    [['publish', 'ready', '--payload-file', 'no.json'], 'PAYLOAD_FILE', /The payload in "no\.json" cannot be read/],
    [['graph', 'broken.py'], 'FLOW_CRASHED', /while importing/],
    [
      ['run', fixture('typed.py'), 'alhpa=1'],
      'UNKNOWN_PARAMETER',
      /There is no parameter "alhpa"\.\n {2}Did you mean "alpha"\?/,
    ],
    [['run', fixture('typed.py')], 'MISSING_PARAMETER', /"alpha" is required\.\n {2}Add: alpha=/],
    [['run', fixture('typed.py'), 'alpha=many'], 'INVALID_PARAMETER', /"alpha" must be a number, not "many"/],
    [['run', fixture('typed.py'), 'alpha=1', 'count=1.5'], 'INVALID_PARAMETER', /"count" must be/],
    [['run', fixture('typed.py'), 'alpha=1', 'oops'], 'INVALID_PARAMETER', /"oops" is not a parameter/],
    [['run', fixture('typed.py'), '--alpha', '1'], 'UNKNOWN_OPTION', /Parameters are given as key=value: alpha=/],
    [
      ['run', fixture('hello.py'), '--max-workers', '0'],
      'INVALID_OPTION',
      /--max-workers must be a whole number, 1 or more, not "0"/,
    ],
    [['run', fixture('hello.py'), '--run-id-file', 'no/such/file'], 'BAD_OUTPUT', /There is no folder "no\/such"/],
    [['run', fixture('hello.py'), '--datastore', 'floppy'], 'INVALID_OPTION', /floppy/],
    [
      ['create', fixture('hello.py'), '-o', 'worker.py'],
      'BAD_OUTPUT',
      /the worker is a JavaScript file\.\n {2}.* -o worker\.mjs/,
    ],
    [['create', fixture('hello.py'), 'a.mjs', '-o', 'b.mjs'], 'CONFLICTING_OPTIONS', /"a\.mjs" and "b\.mjs"/],
    [['create', fixture('hello.py'), 'count=1'], 'EXCESS_ARGUMENT', /takes no parameters, but "count=1"/],
    [['create', fixture('hello.py'), 'folder'], 'BAD_OUTPUT', /is a folder/],
    [['graph', fixture('hello.py'), '--format', 'png'], 'INVALID_OPTION', /mermaid, dot, json/],
    [['server', '--stop', '--status'], 'CONFLICTING_OPTIONS', /exclude each other/],
    [['graf'], 'UNKNOWN_COMMAND', /Did you mean graph\?/],
  ])('%j', async (args, code, text) => {
    const { stderr, exitCode } = await refusal(args);
    expect(stderr).toMatch(new RegExp(`^Error \\[${code}\\]: `, 'm'));
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(exitCode).toBe(2);
  });

  it('an unreachable server, at the address that is named', async () => {
    const { stderr, exitCode } = await refusal(['run', fixture('hello.py'), '--address', 'localhost:1']);
    expect(stderr).toMatch(/^Error \[CONNECTION_FAILED\]: No Temporal server answers at localhost:1\.\n {2}/m);
    expect(exitCode).toBe(1);
  });

  it('TEMPORAL_ADDRESS likewise', async () => {
    const { stderr } = await refusal(['run', fixture('hello.py')], { TEMPORAL_ADDRESS: 'localhost:2' });
    expect(stderr).toContain('No Temporal server answers at localhost:2.');
  });

  it('a Python without Metaflow', async () => {
    const bare = join(await temporaryFolder(), 'venv');
    await execa(PYTHON, ['-m', 'venv', '--without-pip', bare]);
    const { stderr, exitCode } = await refusal(['run', fixture('hello.py'), '--python', join(bare, 'bin', 'python')]);
    expect(stderr).toMatch(/^Error \[METAFLOW_NOT_FOUND\]: .*has no Metaflow\.\n {2}.*pip install metaflow/m);
    expect(exitCode).toBe(2);
  });

  it('a Python that is not there', async () => {
    const { stderr } = await refusal(['run', fixture('hello.py')], { METAFLOW_PYTHON: '/no/such/python' });
    expect(stderr).toMatch(/^Error \[PYTHON_NOT_FOUND\]: .*\/no\/such\/python/m);
  });
});

describe('--json', () => {
  it.each([
    [['run', 'nowhere.py', '--json'], { status: 'failed', runId: null, pathspec: null, workflowId: null }],
    [['graph', 'nowhere.py', '--json'], {}],
  ])('puts an error into the last line of stdout: %j', async (args, fields) => {
    const { stdout, stderr, exitCode } = await mft(await temporaryFolder(), args);
    expect(JSON.parse(String(stdout))).toMatchObject({ ...fields, error: { code: 'FLOW_NOT_FOUND' } });
    expect(stderr).toContain('Error [FLOW_NOT_FOUND]');
    expect(exitCode).toBe(2);
  });
});

it('says where an option goes that comes before the command', async () => {
  const { stdout, stderr, exitCode } = await mft(await temporaryFolder(), ['--json', 'run', fixture('hello.py')]);
  expect(stderr).toContain('Options follow the command: mft run --json');
  expect(JSON.parse(String(stdout))).toMatchObject({ status: 'failed', error: { code: 'UNKNOWN_OPTION' } });
  expect(exitCode).toBe(2);
});
