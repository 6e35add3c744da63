import { MftError } from '@mft/graph';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { createPrinter, type PrinterOptions } from '../src/print.js';
import { usageError } from '../src/usage.js';

function printed(options: Partial<PrinterOptions> & { terminal?: boolean } = {}) {
  const out = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => (out[name] += text),
    isTTY: options.terminal === true,
    columns: 40,
  });
  const printer = createPrinter({
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: {},
    json: false,
    debug: false,
    ...options,
  });
  return { out, printer };
}

describe('errors', () => {
  const mistake = new MftError('NOT_A_FLOW', '"a.py" holds no flow.', { hint: 'Name another file.' });

  it('of a user: code, sentence, hint, and no stack', () => {
    const { out, printer } = printed();
    expect(printer.error(mistake)).toBe(2);
    expect(out).toEqual({ stdout: '', stderr: 'Error [NOT_A_FLOW]: "a.py" holds no flow.\n  Name another file.\n' });
  });

  it('are a line of the log under --log-format json', () => {
    const { out, printer } = printed({ jsonLog: true });
    expect(printer.error(mistake)).toBe(2);
    expect(JSON.parse(out.stderr)).toEqual({
      ...{ time: expect.any(String), level: 'error', message: mistake.message },
      ...{ code: 'NOT_A_FLOW', hint: 'Name another file.' },
    });
  });

  it('keep their exit status', () => {
    expect(printed().printer.error(new MftError('SERVER_ENDED', 'It ended.', { exitCode: 1 }))).toBe(1);
  });

  it('of ours point to --debug and the tracker', () => {
    const { out, printer } = printed({ tracker: 'https://example.org/issues' });
    expect(printer.error(new TypeError('x is undefined'))).toBe(1);
    expect(out.stderr).toBe(
      'Internal error: x is undefined\n' +
        '  This is a defect of mft, not of your flow. Run the command again with --debug and report what it prints: https://example.org/issues\n',
    );
  });

  it('show stacks and causes with --debug', () => {
    const { out, printer } = printed({ debug: true });
    printer.error(new Error('outer', { cause: new Error('inner') }));
    expect(out.stderr).toMatch(/Error: outer\n {4}at .*Caused by: Error: inner\n {4}at /s);
  });

  it('are an object on stdout with --json, with the fields that the command promises', () => {
    const { out, printer } = printed({ json: true, errorFields: { status: 'failed', runId: null } });
    printer.error(mistake);
    expect(JSON.parse(out.stdout)).toEqual({
      status: 'failed',
      runId: null,
      error: { type: 'NOT_A_FLOW', code: 'NOT_A_FLOW', message: '"a.py" holds no flow.', hint: 'Name another file.' },
    });
    expect(out.stdout.endsWith('}\n')).toBe(true);
  });

  it.each([
    [{}, '\u001b[31mError [NOT_A_FLOW]\u001b[39m'],
    [{ NO_COLOR: '1' }, 'Error [NOT_A_FLOW]'],
    [{ TERM: 'dumb' }, 'Error [NOT_A_FLOW]'],
  ])('on a terminal with %j', (env, title) => {
    const { out, printer } = printed({ terminal: true, env });
    printer.error(mistake);
    expect(out.stderr.startsWith(`${title}: `)).toBe(true);
  });
});

describe('progress', () => {
  it('is overwritten on a terminal, and leaves nothing', () => {
    const { out, printer } = printed({ terminal: true });
    printer.update('Downloading 10 MB');
    printer.update('Downloading 20 MB');
    printer.say('Done.');
    expect(out.stderr).toBe('\r\u001b[2KDownloading 10 MB\r\u001b[2KDownloading 20 MB\r\u001b[2K');
    expect(out.stdout).toBe('Done.\n');
  });

  it('is a line now and then elsewhere', () => {
    const { out, printer } = printed();
    for (let i = 0; i < 100; i++) printer.update(`Downloading ${i} MB`);
    expect(out.stderr).toBe('Downloading 0 MB\n');
  });
});

describe('results', () => {
  it('are text for people, one line of JSON for programs', () => {
    const [person, program] = [printed(), printed({ json: true })];
    for (const { printer } of [person, program]) {
      printer.say('Working.');
      printer.result({ text: 'a\nb', json: { a: ['b'] } });
    }
    expect(person.out).toEqual({ stdout: 'Working.\na\nb\n', stderr: '' });
    expect(program.out).toEqual({ stdout: '{"a":["b"]}\n', stderr: 'Working.\n' });
  });
});

describe('bad usage', () => {
  it.each([
    [
      'commander.unknownOption',
      "error: unknown option '--alpha'",
      'run',
      'UNKNOWN_OPTION',
      'Parameters are given as key=value: alpha=…',
    ],
    [
      'commander.unknownOption',
      "error: unknown option '--alpha'",
      'graph',
      'UNKNOWN_OPTION',
      'All there is: mft graph --help',
    ],
    [
      'commander.unknownOption',
      "error: unknown option '--tga'\n(Did you mean --tag?)",
      'run',
      'UNKNOWN_OPTION',
      'Did you mean --tag?',
    ],
    [
      'commander.unknownCommand',
      "error: unknown command 'x'",
      undefined,
      'UNKNOWN_COMMAND',
      'All there is: mft --help',
    ],
    ['commander.somethingNew', 'error: new', 'run', 'BAD_USAGE', 'All there is: mft run --help'],
  ])('%s %s of %s', (code, message, command, expected, hint) => {
    expect(usageError(new CommanderError(1, code, message), command)).toMatchObject({
      code: expected,
      hint,
      exitCode: 2,
    });
  });
});
