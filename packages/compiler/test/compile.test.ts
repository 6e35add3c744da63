import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileFlow, configHash } from '../src/index.js';
import { cleanEnv, compile, fixture, python, workplace } from './support/flows.js';

const place = workplace();
const none = { retry: { user: 0, error: 0, minutesBetween: 0, losses: 2 } };

test('a line of steps, whole', async () => {
  expect(await compile(place.path, 'linear.py')).toEqual({
    version: 1,
    name: 'LinearFlow',
    taskQueue: 'metaflow-LinearFlow',
    flow: {
      name: 'LinearFlow',
      file: 'linear.py',
      directory: dirname(fixture('linear.py')),
      doc: 'A line of three steps.',
    },
    plan: {
      graph: {
        name: 'LinearFlow',
        doc: 'A line of three steps.',
        start: 'start',
        end: 'end',
        nodes: {
          start: { name: 'start', type: 'linear', next: ['middle'], doc: 'Where it begins.' },
          middle: { name: 'middle', type: 'linear', next: ['end'] },
          end: { name: 'end', type: 'end', next: [] },
        },
      },
      policies: { start: none, middle: none, end: none },
    },
    parameters: [],
    metaflow: {
      version: expect.stringMatching(/^2\.\d+\.\d+/) as unknown,
      python: expect.stringMatching(/^3\.\d+\.\d+$/) as unknown,
    },
    interpreter: expect.stringContaining('python') as unknown,
    options: [
      ...['--no-pylint', '--metadata', 'local', '--datastore', 'local', '--environment', 'local'],
      ...['--event-logger', 'nullSidecarLogger', '--monitor', 'nullSidecarMonitor'],
    ],
    environment: { METAFLOW_DATASTORE_SYSROOT_LOCAL: place.path },
    datastore: { type: 'local', root: join(place.path, '.metaflow') },
    metadata: { type: 'local', info: place.path },
    user: 'alice',
    tags: [],
    decorators: {},
  });
});

test('nodes are in topological order', async () => {
  const { plan } = await compile(place.path, 'shapes.py');
  expect(Object.keys(plan.graph.nodes)).toEqual([
    'start',
    'left',
    'row',
    'cell',
    'cells_done',
    'rows_done',
    'right',
    'both',
    'loop',
    'end',
  ]);
});

test('splits, nested foreach, joins, a switch that loops', async () => {
  const { nodes } = (await compile(place.path, 'shapes.py')).plan.graph;
  expect(nodes).toMatchObject({
    start: { type: 'split', next: ['left', 'right'], join: 'both' },
    left: { type: 'foreach', next: ['row'], join: 'rows_done', foreachVar: 'rows' },
    row: { type: 'foreach', next: ['cell'], join: 'cells_done', foreachVar: 'cells' },
    cell: { type: 'linear', next: ['cells_done'] },
    cells_done: { type: 'join', next: ['rows_done'] },
    rows_done: { type: 'join', next: ['both'] },
    both: { type: 'join', next: ['loop'] },
    loop: {
      type: 'switch',
      next: ['loop', 'end'],
      condition: 'round',
      cases: { again: 'loop', done: 'end', enough: 'end' },
    },
    end: { type: 'end', next: [] },
  });
});

test('start and end of any name, a flow of one step, num_parallel', async () => {
  const named = (await compile(place.path, 'named_ends.py')).plan.graph;
  expect([named.start, named.end, named.nodes['last']?.type]).toEqual(['first', 'last', 'end']);
  const single = (await compile(place.path, 'single_step.py')).plan.graph;
  expect(single).toMatchObject({ start: 'only', end: 'only', nodes: { only: { type: 'end', next: [] } } });
  const parallel = await compile(place.path, 'parallel.py');
  expect(parallel.plan.graph.nodes['start']).toMatchObject({ type: 'parallel', next: ['train'], join: 'gather' });
  expect(parallel.decorators).toMatchObject({ parallel: ['train'] });
});

test('policies: what each decorator answers, the largest counts', async () => {
  const { plan, decorators } = await compile(place.path, 'policies.py');
  expect(plan.policies).toEqual({
    start: { retry: { user: 4, error: 0, minutesBetween: 0, losses: 2 } },
    caught: { retry: { user: 0, error: 3, minutesBetween: 0, losses: 2 } },
    both: { retry: { user: 3, error: 3, minutesBetween: 1, losses: 2 }, timeout: 90 },
    once: { retry: { user: 0, error: 0, minutesBetween: 2, losses: 0 } },
    heavy: { ...none, memory: 8000 },
    plain: none,
    end: none,
  });
  expect(decorators).toEqual({
    catch: ['both', 'caught'],
    environment: ['plain'],
    resources: ['heavy', 'plain'],
    retry: ['both', 'once', 'start'],
    timeout: ['both'],
  });
});

test('--with reaches every step, and stays among the options', async () => {
  const config = await compile(place.path, 'linear.py', {
    options: ['--with', 'retry:times=1,minutes_between_retries=0', '--with', 'timeout:seconds=30'],
  });
  expect(config.plan.policies['middle']).toEqual({
    retry: { user: 1, error: 0, minutesBetween: 0, losses: 2 },
    timeout: 30,
  });
  expect(config.options.slice(-4)).toEqual([
    '--with',
    'retry:times=1,minutes_between_retries=0',
    '--with',
    'timeout:seconds=30',
  ]);
  const byDefault = await compile(place.path, 'linear.py', { vars: { METAFLOW_DEFAULT_DECOSPECS: 'retry:times=2' } });
  expect(byDefault.plan.policies['start']?.retry.user).toBe(2);
  expect(byDefault.environment).toMatchObject({ METAFLOW_DEFAULT_DECOSPECS: 'retry:times=2' });
  const heavy = await compile(place.path, 'linear.py', { options: ['--with', 'resources:memory=2500.7'] });
  expect(heavy.plan.policies['middle']).toEqual({ ...none, memory: 2500 });
});

describe('parameters', () => {
  const plain = [
    { name: 'count', type: 'int', required: true },
    { name: 'data', type: 'json', required: false, default: { a: [1, 2] } },
    { name: 'flag', type: 'bool', required: false, default: false },
    { name: 'items', type: 'str', required: false, separator: ',', default: 'a,b' },
    { name: 'must-but-can', type: 'str', required: false, default: 'x' },
    { name: 'other', type: 'file', required: false },
    { name: 'ratio', type: 'float', required: false, default: 0.5 },
    { name: 'text', type: 'str', required: false, default: 'hello', help: 'A greeting.' },
    { name: 'with-dash', type: 'int', required: false, default: 1 },
  ];

  test('of every kind; functions and files have no default until the flow is deployed', async () => {
    const { parameters } = await compile(place.path, 'parameters.py');
    expect(parameters).toEqual(expect.arrayContaining(plain) as unknown);
    expect(parameters).toContainEqual({ name: 'computed', type: 'str', required: false });
    expect(parameters).toContainEqual({ name: 'table', type: 'file', required: false });
    expect(parameters).toHaveLength(plain.length + 2);
  });

  test('when the flow is deployed, functions are called and files uploaded', async () => {
    const { parameters } = await compile(place.path, 'parameters.py', { savePackage: true });
    expect(parameters).toEqual(expect.arrayContaining(plain) as unknown);
    expect(parameters).toContainEqual({
      name: 'computed',
      type: 'str',
      required: false,
      default: 'evaluated for computed',
      deployed: true,
    });
    const table = parameters.find((parameter) => parameter.name === 'table');
    expect(table).toMatchObject({ type: 'file', deployed: true });
    const url = (JSON.parse(table?.default as string) as { url: string }).url;
    expect(existsSync(url.replace('local://', ''))).toBe(true);
  });

  test("what click's types and files say of their values, and defaults that JavaScript would change", async () => {
    const config = await compile(place.path, 'kinds.py', { savePackage: true });
    const spec = (name: string, type: string, more: object) => ({ name, type, required: false, ...more });
    const deployed = (value: unknown) => ({ default: value, deployed: true });
    const { parameters } = config;
    for (const expected of [
      spec('level', 'str', { choices: ['low', 'HIGH'], caseless: true, default: 'low' }),
      spec('small', 'int', { min: 1, max: 10, default: 5 }),
      spec('clamped', 'int', { default: 5 }),
      spec('many', 'int', { multiple: true }),
      spec('pair', 'float', { nargs: 2 }),
      spec('raw', 'file', { binary: true }),
      spec('latin', 'file', { encoding: 'latin-1' }),
      spec('huge', 'int', deployed('1180591620717411303424')),
      spec('endless', 'float', deployed('-inf')),
      spec('exact', 'json', deployed('{"a": [1.0, NaN]}')),
      spec('plain', 'json', deployed({ a: [1, 0.5] })),
      spec('unset', 'json', deployed('null')),
    ])
      expect(parameters).toContainEqual(expected);
    const file = parameters.find(({ name }) => name === 'from-function')?.default;
    expect(JSON.parse(file as string)).toMatchObject({ url: expect.stringContaining('KindsFlow') as unknown });
    // The parser reads it again on a worker: it must get what it got here.
    expect(config.options.slice(-3)).toEqual(['--config-value', 'made', 'made for KindsFlow']);
  });

  test.each([
    ['twice.py', 'Parameter *Alpha* is specified twice. Note that parameter names are case-insensitive.'],
    ['reserved.py', "Parameter name 'run-id' is a reserved word."],
  ])("are refused in Metaflow's words: %s", async (flow, message) => {
    await expect(compile(place.path, flow)).rejects.toMatchObject({
      code: 'INVALID_FLOW',
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe('@project and @schedule', () => {
  test('a user’s own branch', async () => {
    const config = await compile(place.path, 'project.py');
    expect(config).toMatchObject({
      name: 'shop.user.alice.ProjectFlow',
      taskQueue: 'metaflow-shop.user.alice.ProjectFlow',
      project: { name: 'shop', branch: 'user.alice', production: false },
      schedule: { cron: '0 6 * * ? *', timezone: 'Europe/Berlin' },
      environment: { METAFLOW_OWNER: 'alice' },
    });
    expect(config.options).not.toContain('--branch');
  });

  test.each([
    [['--branch', 'staging'], 'shop.test.staging.ProjectFlow', false],
    [['--production'], 'shop.prod.ProjectFlow', true],
    [['--production', '--branch', 'blue'], 'shop.prod.blue.ProjectFlow', true],
  ])('%o', async (options, name, production) => {
    const config = await compile(place.path, 'project.py', { options });
    expect(config).toMatchObject({ name, project: { production } });
    for (const option of options) expect(config.options).toContain(option);
    expect(config.environment).not.toHaveProperty('METAFLOW_OWNER');
  });
});

test('name, task queue, tags, namespace and timeout of a deployment', async () => {
  const config = await compile(place.path, 'linear.py', {
    name: 'nightly',
    tags: ['b', 'a', 'b'],
    namespace: 'user:bob',
    timeout: 60,
  });
  expect(config).toMatchObject({
    name: 'nightly',
    taskQueue: 'metaflow-nightly',
    tags: ['a', 'b'],
    namespace: 'user:bob',
    timeout: 60,
  });
  expect((await compile(place.path, 'linear.py', { taskQueue: 'shared' })).taskQueue).toBe('shared');
});

describe('where things lie', () => {
  test('the same hash from another directory by another spelling of the path, where the datastore is the same', async () => {
    const below = join(place.path, 'a', 'b');
    await mkdir(below, { recursive: true });
    await mkdir(join(place.path, '.metaflow'), { recursive: true });
    const env = cleanEnv(place.path);
    const once = await compile(place.path, 'linear.py');
    const again = await compileFlow(relative(below, fixture('linear.py')), {
      python,
      cwd: below,
      env,
      onOutput: () => undefined,
    });
    expect(again.flow.file).toBe(basename(fixture('linear.py')));
    expect(configHash(again)).toBe(configHash(once));
  });

  test('a datastore root on the command line becomes absolute', async () => {
    const config = await compile(place.path, 'linear.py', { options: ['--datastore-root', 'elsewhere'] });
    const root = join(place.path, 'elsewhere');
    expect(config.datastore.root).toBe(root);
    expect(config.options.slice(config.options.indexOf('--datastore-root'))).toEqual(['--datastore-root', root]);
  });

  test('metadata and datastore by option and by variable', async () => {
    const vars = { METAFLOW_DATASTORE_SYSROOT_S3: 's3://bucket/metaflow', METAFLOW_SERVICE_URL: 'http://127.0.0.1:1/' };
    const byOption = await compile(place.path, 'linear.py', { vars, options: ['--datastore', 's3'] });
    const byVariable = await compile(place.path, 'linear.py', { vars: { ...vars, METAFLOW_DEFAULT_DATASTORE: 's3' } });
    for (const config of [byOption, byVariable]) {
      expect(config.datastore).toEqual({ type: 's3', root: 's3://bucket/metaflow' });
      expect(config.options).toEqual(byOption.options);
      expect(config.options).not.toContain('--datastore-root');
      expect(config.environment).toMatchObject({ ...vars, METAFLOW_DATASTORE_SYSROOT_LOCAL: place.path });
    }
  });
});
