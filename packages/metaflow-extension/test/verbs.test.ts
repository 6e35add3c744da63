import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { Place, python } from './launcher.js';

/*
 * What the verbs make of their arguments, with a program in the place of `mft` that says how it was called. What the verbs do is tested
 * in e2e, with `mft`.
 */

const place = new Place();
afterAll(() => place.dispose());
const flow = join(place.directory, 'asking.py');
const base = { METAFLOW_USER: 'tester', MFT_CLI: join(place.directory, 'echo-mft.mjs') };

function run(words: string[], env: NodeJS.ProcessEnv = {}, input = '') {
  return spawnSync(python, [flow, '--quiet', ...words], {
    cwd: place.directory,
    env: { ...place.env, ...base, PYTHONPATH: extensionPath(), ...env },
    encoding: 'utf8',
    input,
  });
}

interface Call {
  argv: string[];
  parameters?: Record<string, unknown>;
}

function called(words: string[], env: NodeJS.ProcessEnv = {}, input = ''): Call {
  const { stdout, stderr, status } = run(words, env, input);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Call;
}

const refusal = (words: string[], input = '') => {
  const { status, stderr, stdout } = run(words, {}, input);
  expect(stdout).toBe('');
  return { status, text: stderr.replaceAll(/\s+/g, ' ') };
};

describe('the name of the deployment', () => {
  it.each([
    [[], [], 'asked.user.tester.AskingFlow'],
    [['--branch', 'b'], [], 'asked.test.b.AskingFlow'],
    [['--production'], [], 'asked.prod.AskingFlow'],
    [[], ['--name', 'nightly'], 'nightly'],
  ])('with %o and temporal %o is the one that create chooses', (top, own, name) => {
    expect(called([...top, 'temporal', ...own, 'delete']).argv).toEqual(['delete', name]);
  });

  it('is taken after the verb too', () => {
    expect(called(['temporal', 'delete', '--name', 'nightly']).argv).toEqual(['delete', 'nightly']);
  });
});

describe('parameters of trigger', () => {
  const trigger = (...words: string[]) => called(['temporal', 'trigger', ...words]);

  it('are the given ones alone, as they were typed, and never on a command line', () => {
    const { argv, parameters } = trigger('--must', 'it', '--alpha', '0.70', '--my-count', '4', '--tag', 'a b');
    expect(argv).toEqual(['trigger', 'asked.user.tester.AskingFlow', '--tag=a b', '--params-file=-']);
    expect(parameters).toEqual({ must: 'it', alpha: '0.70', 'my-count': '4' });
  });

  it('may begin with dashes, be empty, repeat, be flags, be JSON, and have the names of options', () => {
    const many = ['--many', 'x', '--many', '--y'];
    const named = ['--name', '--zz', '--wait', '7'];
    const { argv, parameters } = trigger('--must', '', ...many, ...named, '--flag', '--unset', '--shape', '{"b": [1]}');
    expect(argv).not.toContain('--wait');
    const rest = { flag: true, unset: false, shape: '{"b": [1]}' };
    expect(parameters).toEqual({ must: '', many: ['x', '--y'], name: '--zz', wait: '7', ...rest });
  });

  it('come by --run-param as well, with either dash', () => {
    const { parameters } = trigger('--run-param', 'my_count=5', '--run-param', 'must=a=b', '--run-param', 'many=1');
    expect(parameters).toEqual({ 'my-count': '5', must: 'a=b', many: ['1'] });
  });

  it('come by a file of JSON, which holds a megabyte as well', () => {
    const values = { must: 'x'.repeat(1_000_000), many: ['1', '2'], shape: { a: 1 }, flag: true };
    writeFileSync(join(place.directory, 'values.json'), JSON.stringify(values));
    expect(trigger('--params-file', 'values.json').parameters).toEqual(values);
    const piped = called(['temporal', 'trigger', '--params-file', '-'], {}, '{"must": "piped"}');
    expect(piped.parameters).toEqual({ must: 'piped' });
  });

  it('come by the variables that `run` reads', () => {
    expect(called(['temporal', 'trigger'], { METAFLOW_RUN_MUST: 'env' }).parameters).toEqual({ must: 'env' });
    const own = { METAFLOW_RUN_MUST: 'env', METAFLOW_TEMPORAL_TRIGGER_MUST: 'own' };
    expect(called(['temporal', 'trigger'], own).parameters).toEqual({ must: 'own' });
  });

  it('hold an uploaded file by its descriptor', () => {
    writeFileSync(join(place.directory, 'note.txt'), 'a note');
    const { text } = trigger('--must', '1', '--text', 'note.txt').parameters as { text: string };
    expect(JSON.parse(text)).toMatchObject({ type: 'uploader-v2', size: 6 });
  });

  it.each([
    [['--alpha', 'x'], "Invalid value for '--alpha': x is not a valid floating point value"],
    [['--shape', '{'], 'is not a valid JSON object'],
    [['--text', 'missing.txt'], "could not open file 'missing.txt'"],
    [['--run-param', 'alpha'], '--run-param takes name=value, not alpha'],
    [['--run-param', 'alpa=1'], 'There is no parameter alpa. Did you mean alpha?'],
    [['--alpha', '1', '--run-param', 'alpha=2'], 'Parameter alpha is given twice'],
    [['--params-file', 'nothing.json'], 'cannot be read from nothing.json'],
    [['--tag', ''], 'Tags must not be empty'],
  ])('refused: %o', (words, message) => {
    const { status, text } = refusal(['temporal', 'trigger', ...words]);
    expect(status).not.toBe(0);
    expect(text).toContain(message);
  });
});

describe('other verbs', () => {
  it.each([
    [
      ['status', 'temporal-1', '--json'],
      ['status', 'temporal-1', '--json'],
    ],
    [
      ['logs', 'temporal-1', 'start/1', '--follow'],
      ['logs', 'temporal-1', 'start/1', '--follow'],
    ],
    [
      ['cancel', 'temporal-1'],
      ['cancel', 'temporal-1'],
    ],
    [
      ['terminate', 'temporal-1', '--reason', '-x'],
      ['terminate', 'temporal-1', '--reason=-x'],
    ],
    [
      ['terminate', 'temporal-1', '--compensate', '--json'],
      ['terminate', 'temporal-1', '--compensate', '--json'],
    ],
    [
      ['suspend', 'temporal-1'],
      ['suspend', 'temporal-1'],
    ],
    [
      ['unsuspend', 'temporal-1'],
      ['unsuspend', 'temporal-1'],
    ],
    [['list'], ['list']],
    [['list-templates'], ['list', '--flow=AskingFlow']],
    [['list-templates', '--all'], ['list']],
    [
      ['list-runs', '--succeeded'],
      ['runs', '--deployment=asked.user.tester.AskingFlow', '--status=completed'],
    ],
    [
      ['list-runs', '--tag', 'a', '--tag=b', '--user', 'ada'],
      ['runs', '--deployment=asked.user.tester.AskingFlow', '--tag=a', '--tag=b', '--user=ada'],
    ],
    [
      ['resume', '--origin-run-id', '17', 'end'],
      ['resume', 'asked.user.tester.AskingFlow', 'end', '--origin-run-id=17'],
    ],
  ])('%o becomes mft %o', (words, argv) => {
    expect(called(['temporal', ...words]).argv).toEqual(argv);
  });

  it('hand the connection on', () => {
    const { argv } = called(['temporal', '--address', 'a:1', '--no-tls', '--api-key=-k', 'list']);
    expect(argv).toEqual(['list', '--address=a:1', '--api-key=-k', '--no-tls']);
  });

  it('end with the exit status of mft', () => {
    expect(run(['temporal', 'list'], { ECHO_STATUS: '7' }).status).toBe(7);
  });

  it('refuse two states at once, and a resume without an origin', () => {
    expect(refusal(['temporal', 'list-runs', '--failed', '--running']).text).toContain('Choose one of');
    expect(refusal(['temporal', 'resume']).text).toContain('--origin-run-id');
  });
});

describe('production tokens', () => {
  it.each([
    [[], ['--generate-new-token'], 'Production tokens are for deployments of a flow with @project by --production'],
    [['--production'], ['--new-token', 'x'], '--new-token is not for flows with @project'],
  ])('with %o, create %o is refused', (top, words, message) => {
    expect(refusal([...top, 'temporal', 'create', ...words]).text).toContain(message);
  });
});

describe('the attribute file of the Deployer', () => {
  const file = join(place.directory, 'attributes.json');
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as object;

  it('names a deployment that stands', () => {
    called(['temporal', 'create', '--deployer-attribute-file', file, '--json']);
    const metadata = `local@${place.directory}`;
    expect(read()).toMatchObject({ name: 'asked.user.tester.AskingFlow', flow_name: 'AskingFlow', metadata });
  });

  it('names a run that was accepted', () => {
    const words = ['temporal', 'trigger', '--must', '1', '--deployer-attribute-file', file];
    called([...words, '--run-id-file', join(place.directory, 'id')]);
    expect(read()).toMatchObject({ pathspec: 'AskingFlow/temporal-1', name: 'asked.user.tester.AskingFlow' });
    expect(readFileSync(join(place.directory, 'id'), 'utf8').trim()).toBe('temporal-1');
  });

  it.each([
    [['create'], { ECHO_RECORDED: 'no' }, 1],
    [['create'], { ECHO_STATUS: '2' }, 2],
    [['trigger', '--must', '1'], { ECHO_STATUS: '2' }, 2],
  ])('is not written where %o fails with %o', (words, env, status) => {
    const none = join(place.directory, 'none.json');
    expect(run(['temporal', ...words, '--deployer-attribute-file', none], env).status).toBe(status);
    expect(existsSync(none)).toBe(false);
  });
});

describe('a limit on foreaches', () => {
  it('is given to runs and to those that resume', () => {
    const [name, limit] = ['asked.user.tester.AskingFlow', '--max-num-splits'];
    const trigger = called(['temporal', 'trigger', '--must', 'x', limit, '3']);
    expect(trigger.argv).toEqual(['trigger', name, `${limit}=3`, '--params-file=-']);
    const resume = called(['temporal', 'resume', '--origin-run-id', '1', limit, '3']);
    expect(resume.argv).toEqual(['resume', name, '--origin-run-id=1', `${limit}=3`]);
  });
});

describe('compensation', () => {
  const name = 'asked.user.tester.AskingFlow';

  it('is asked for by flags of the same names', () => {
    expect(called(['temporal', 'trigger', '--must', 'x', '--compensate-parallel', '3']).argv).toEqual([
      'trigger',
      name,
      '--compensate-parallel=3',
      '--params-file=-',
    ]);
    const resume = ['resume', 'start', '--origin-run-id', '1', '--compensate-cloned', '--compensate-parallel', '2'];
    expect(called(['temporal', ...resume]).argv).toEqual([
      'resume',
      name,
      'start',
      '--origin-run-id=1',
      '--compensate-parallel=2',
      '--compensate-cloned',
    ]);
  });

  it('is asked for through the Deployer', () => {
    const calls = join(place.directory, 'calls');
    const told = join(place.directory, 'told-mft.mjs');
    writeFileSync(
      told,
      `import { appendFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n');
await import('./echo-mft.mjs');`,
    );
    const script = `from metaflow import Deployer
deployed = Deployer("asking.py", cwd=${JSON.stringify(place.directory)}).temporal().create(compensate_parallel=3, max_num_splits=9)
run = deployed.resume(origin_run_id="1", compensate_cloned=True, compensate_parallel=2)
print(run.terminate(reason="late", compensate=True), run.terminate())`;
    const { stdout, stderr } = spawnSync(python, ['-c', script], {
      cwd: place.directory,
      env: { ...place.env, ...base, PYTHONPATH: extensionPath(), MFT_CLI: told },
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n').at(-1), stderr).toBe('True True');
    const lines = readFileSync(calls, 'utf8').trim().split('\n');
    expect(lines[0]).toMatch(/^create .* --max-num-splits 9 --compensate-parallel 3 /);
    expect(lines[1]).toMatch(/^resume \S+ --origin-run-id=1 .*--compensate-parallel=2 --compensate-cloned/);
    expect(lines.slice(2)).toEqual([
      'terminate AskingFlow/temporal-1 --reason=late --compensate --json',
      'terminate AskingFlow/temporal-1 --json',
    ]);
  }, 60_000);
});

describe('schedules', () => {
  const name = 'asked.user.tester.AskingFlow';

  it.each([
    [
      ['show', '--json'],
      ['show', name, '--json'],
    ],
    [
      ['pause', '--note', '-x y'],
      ['pause', name, '--note=-x y'],
    ],
    [['unpause'], ['unpause', name]],
    [
      ['trigger', '--overlap', 'skip'],
      ['trigger', name, '--overlap=skip'],
    ],
    [
      ['backfill', '--from', '2026-11-30', '--to', '2026-12-01 06:00'],
      ['backfill', name, '--from=2026-11-30', '--to=2026-12-01 06:00'],
    ],
    [
      ['delete', '--name', 'nightly'],
      ['delete', 'nightly'],
    ],
    [
      ['list', '--json'],
      ['list', '--json'],
    ],
  ])('temporal schedule %o becomes mft schedule %o', (words, argv) => {
    expect(called(['temporal', 'schedule', ...words]).argv).toEqual(['schedule', ...argv]);
  });

  it('are asked for by flags of create, and through the Deployer', () => {
    const flags = ['--no-schedule', '--schedule-overlap', 'buffer-all', '--schedule-catchup', '60'];
    const { argv } = called(['temporal', 'create', ...flags, '--schedule-pause-on-failure', '--json']);
    const words = ['--no-schedule', '--schedule-overlap=buffer-all', '--schedule-catchup=60'];
    expect(argv.filter((word) => word.includes('schedule'))).toEqual([...words, '--schedule-pause-on-failure']);
    const script = `from metaflow import Deployer
deployed = Deployer("asking.py", cwd=${JSON.stringify(place.directory)}).temporal().create(schedule=True, schedule_jitter=30)
print(" ".join(deployed.deployer.additional_info["deployment"]["argv"]))`;
    const { stdout, stderr } = spawnSync(python, ['-c', script], {
      cwd: place.directory,
      env: { ...place.env, ...base, PYTHONPATH: extensionPath() },
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n').at(-1), stderr).toMatch(/ --schedule --schedule-jitter=30 /);
  }, 60_000);
});
