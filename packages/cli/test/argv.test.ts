import { describe, expect, it } from 'vitest';
import { flowFile, foldPairs, parsePair, sortWords } from '../src/argv.js';
import { metaflowOptions } from '../src/options.js';
import { createProgram } from '../src/program.js';
import type { CompileFlags } from '../src/flow.js';

interface Parsed {
  readonly command: string;
  readonly words: string[];
  readonly flags: CompileFlags & Record<string, unknown>;
}

async function parse(...argv: string[]): Promise<Parsed> {
  let parsed: Parsed | undefined;
  const program = createProgram(async (command, words, flags) => {
    parsed = { command, words, flags };
  }, '0.0.0');
  await program.parseAsync(foldPairs(argv), { from: 'user' });
  return parsed!;
}

describe('the flow file and the parameters', () => {
  it.each([
    [['f.py', 'a=1'], 'f.py', ['a=1']],
    [['a=1', 'f.py'], 'f.py', ['a=1']],
    [['f.py', 'a=x=y', 'b=--c', 'c=', 'd=grün ☀'], 'f.py', ['a=x=y', 'b=--c', 'c=', 'd=grün ☀']],
    [['./dir=x/f.py', 'my-name=1'], './dir=x/f.py', ['my-name=1']],
  ])('%j', (words, file, parameters) => {
    expect(sortWords('run', words)).toEqual({ file, parameters });
  });

  it('are told apart wherever options stand', async () => {
    const orders = [
      ['run', '--with', 'retry', '--tag', 'x', 'f.py', 'a=1', 'b=--no'],
      ['run', 'f.py', 'a=1', 'b=--no', '--with', 'retry', '--tag', 'x'],
      ['run', 'f.py', '--with=retry', 'a=1', '--tag', 'x', 'b=--no'],
    ];
    for (const argv of orders) {
      const { words, flags } = await parse(...argv);
      expect(sortWords('run', words)).toEqual({ file: 'f.py', parameters: ['a=1', 'b=--no'] });
      expect(flags.with).toEqual(['retry']);
      expect(flags.tag).toEqual(['x']);
    }
  });

  it('refuses a second plain word, and none', () => {
    expect(() => sortWords('run', ['f.py', 'oops'])).toThrow('"oops" is not a parameter.');
    expect(() => sortWords('run', ['a=1'])).toThrow('No flow file is given.');
    expect(() => flowFile('graph', ['f.py', 'a=1'])).toThrow('mft graph takes no parameters, but "a=1" is given.');
  });
});

describe("Metaflow's options", () => {
  it('go on to Metaflow, in its own spelling', async () => {
    const { flags } = await parse(
      ...[
        'run',
        '--datastore',
        's3',
        '--datastore-root',
        '/r',
        'f.py',
        '--metadata',
        'service',
        '--environment',
        'conda',
      ],
      ...['--event-logger', 'debugLogger', '--monitor', 'debugMonitor', '--with', 'retry:times=2', '--with', 'card'],
      ...['--decospecs', 'timeout', '--config', 'c', 'c.json', '--config-value', 'd', '{"a": 1}', '--branch', 'b'],
      ...['--production', '--no-pylint', '--quiet', '--package-suffixes', '.py,.txt'],
    );
    expect(metaflowOptions(flags)).toEqual([
      ...['--datastore', 's3', '--datastore-root', '/r', '--metadata', 'service', '--environment', 'conda'],
      ...[
        '--event-logger',
        'debugLogger',
        '--monitor',
        'debugMonitor',
        '--package-suffixes',
        '.py,.txt',
        '--branch',
        'b',
      ],
      ...['--production', '--no-pylint', '--quiet', '--with', 'retry:times=2', '--with', 'card', '--with', 'timeout'],
      ...['--config', 'c', 'c.json', '--config-value', 'd', '{"a": 1}'],
    ]);
  });

  it.each([
    [[], []],
    [['--pylint'], ['--pylint']],
    [['--not-quiet'], ['--not-quiet']],
    [['--namespace', 'user:x', '--tag', 'a', '--tag', 'b'], []],
  ])('%j', async (given, expected) => {
    expect(metaflowOptions((await parse('graph', 'f.py', ...given)).flags)).toEqual(expected);
  });

  it('leaves words behind -- alone', () => {
    expect(foldPairs(['run', '--', '--config', 'a', 'b'])).toEqual(['run', '--', '--config', 'a', 'b']);
  });

  it('says what a config needs', () => {
    expect(() => foldPairs(['run', 'f.py', '--config', 'a'])).toThrow('--config takes two values, a name and a file.');
    expect(() => parsePair('a.json')).toThrow('A config is given by two values, not by "a.json".');
  });
});
