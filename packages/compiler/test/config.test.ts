import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { extensionPath } from '@mft/metaflow-extension';
import { canonicalJson, compileFlow, configHash, flowConfigSchema, parseConfig } from '../src/index.js';
import { cleanEnv, compile, fixture, python, refusal, workplace } from './support/flows.js';

const place = workplace();

describe('the published schema', () => {
  const valid = new Ajv2020({ strict: false }).compile(flowConfigSchema);

  test.each(['shapes.py', 'policies.py', 'parameters.py', 'project.py', 'configs.py', 'single_step.py'])(
    'admits the config of %s',
    async (name) => {
      const config = await compile(place.path, name, { tags: ['t'], timeout: 5, savePackage: name === 'project.py' });
      expect(valid(JSON.parse(JSON.stringify(config))) || valid.errors).toBe(true);
      expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
    },
  );

  test('is the file that is published', async () => {
    const published = await readFile(new URL('../dist/flow-config.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(flowConfigSchema);
  });

  test('and parseConfig refuse the same things', async () => {
    const config = await compile(place.path, 'linear.py');
    const broken = [
      { ...config, plan: {} },
      { ...config, taskQueue: '' },
      { ...config, parameters: [{ name: 'x', type: 'complex', required: true }] },
      3,
      null,
    ];
    for (const each of broken) {
      expect(valid(each)).toBe(false);
      expect(() => parseConfig(each)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
    }
  });

  test('a config of another version is refused by name', () => {
    expect(() => parseConfig({ version: 2 })).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_CONFIG_VERSION',
        message: 'The flow config has version 2; this release reads version 1.',
      }),
    );
  });

  test('a field of a later release survives, and with it the hash', async () => {
    const later = { ...(await compile(place.path, 'linear.py')), novelty: { a: 1 } };
    expect(configHash(parseConfig(later))).toBe(configHash(later));
  });
});

describe('the hash', () => {
  test('is the same for the same flow, and not for another', async () => {
    const [once, again, other] = [
      await compile(place.path, 'shapes.py'),
      await compile(place.path, 'shapes.py'),
      await compile(place.path, 'shapes.py', { tags: ['x'] }),
    ];
    expect(configHash(once)).toMatch(/^[0-9a-f]{64}$/);
    expect(configHash(again)).toBe(configHash(once));
    expect(configHash(other)).not.toBe(configHash(once));
  });

  test('does not depend on the order of keys', () => {
    expect(canonicalJson({ b: 1, a: [1.0, 'ü', { d: null, c: true }] })).toBe(
      '{"a":[1,"ü",{"c":true,"d":null}],"b":1}',
    );
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});

describe('settings', () => {
  test('come from the environment and from Metaflow’s file; credentials stay behind', async () => {
    const home = join(place.path, 'home');
    await mkdir(join(home, '.metaflowconfig'), { recursive: true });
    const file = {
      METAFLOW_SERVICE_URL: 'http://127.0.0.1:1/',
      METAFLOW_SERVICE_AUTH_KEY: 's3cret',
      METAFLOW_KUBERNETES_NAMESPACE: 'jobs',
    };
    await writeFile(join(home, '.metaflowconfig', 'config.json'), JSON.stringify(file));
    const env = cleanEnv(home, {
      METAFLOW_SERVICE_HEADERS: '{"x-api-key": "s3cret"}',
      METAFLOW_S3_CLIENT_PARAMS: '{"aws_secret_access_key": "s3cret"}',
      METAFLOW_S3_ENDPOINT_URL: 'http://someone:s3cret@storage',
      METAFLOW_ARGO_EVENTS_WEBHOOK_URL: 'http://events',
      METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE: 'inline',
    });
    const config = await compileFlow(fixture('linear.py'), { python, cwd: place.path, env });
    expect(config.environment).toMatchObject({
      METAFLOW_SERVICE_URL: 'http://127.0.0.1:1/',
      METAFLOW_KUBERNETES_NAMESPACE: 'jobs',
      METAFLOW_ARGO_EVENTS_WEBHOOK_URL: 'http://events',
      METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE: 'inline',
    });
    expect(JSON.stringify(config)).not.toContain('s3cret');
    expect(config.environment).not.toHaveProperty('METAFLOW_USER');
  });
});

describe('Configs', () => {
  test('mutators and config expressions are applied', async () => {
    const config = await compile(place.path, 'configs.py');
    expect(config.parameters).toEqual([
      { name: 'added', type: 'int', required: false, default: 7 },
      { name: 'limit', type: 'int', required: false, default: 3 },
    ]);
    expect(config.plan.policies['end']).toEqual({ retry: { user: 2, error: 0, minutesBetween: 0, losses: 2 } });
  });

  test('custom step decorators are named, and what they change counts', async () => {
    const config = await compile(place.path, 'custom_decorators.py');
    expect(config.decorators).toEqual({ announced: ['start'], retry: ['end'], twice: ['end'] });
    expect(config.plan.policies['end']?.retry.user).toBe(1);
  });

  test('become values that work where their files are not', async () => {
    const here = join(place.path, 'here');
    await mkdir(here);
    await copyFile(fixture('settings.json'), join(here, 'mine.json'));
    const config = await compile(here, 'configs.py', {
      options: ['--config', 'settings', 'mine.json', '--config-value', 'inline', '{"a": "given"}'],
    });
    const values = config.options.slice(config.options.indexOf('--config-value'));
    expect(values).toEqual([
      ...['--config-value', 'inline', '{"a": "given"}'],
      ...['--config-value', 'own', 'one: 1\ntwo: 2'],
      ...['--config-value', 'settings', '{"threshold": 3, "nested": {"name": "from file"}}'],
    ]);

    // A copy of the flow alone, without any file beside it, under the options of the config.
    const there = join(place.path, 'there');
    await mkdir(there);
    await cp(fixture('configs.py'), join(there, 'configs.py'));
    const run = await execa(python, ['configs.py', ...config.options, 'run'], {
      cwd: there,
      env: cleanEnv(there),
      extendEnv: false,
    });
    expect(run.stdout).toContain('CONFIGS 3 given 2 3');
  });
});

describe('a deployment', () => {
  test('saves code package and config; the config is found again by its hash', async () => {
    const config = await compile(place.path, 'linear.py', { savePackage: true });
    expect(config.package).toMatchObject({
      sha: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown,
      metadata: expect.stringContaining('{') as unknown,
    });
    const hash = configHash(config);
    const load = (which: string) =>
      execa(
        python,
        [
          '-m',
          'metaflow_extensions.temporal.stored_config',
          'local',
          config.datastore.root,
          'LinearFlow',
          which,
          'fixed',
        ],
        {
          cwd: '/',
          env: cleanEnv('/', { PYTHONPATH: extensionPath() }),
          extendEnv: false,
          reject: false,
        },
      );
    const stored = parseConfig(JSON.parse((await load(hash)).stdout));
    expect(stored).toEqual(config);
    expect(configHash(stored)).toBe(hash);
    expect(Object.keys(stored.plan.graph.nodes)).toEqual(Object.keys(config.plan.graph.nodes));
    expect((await load('0'.repeat(64))).exitCode).toBe(4);
  });

  test('nothing is saved of a flow that is refused', async () => {
    const error = await refusal(compile(place.path, 'invalid_unjoined.py', { savePackage: true }));
    expect(error.code).toBe('INVALID_FLOW');
  });
});

test('what a flow prints is passed on, and never taken for the answer', async () => {
  let output = '';
  const config = await compile(place.path, 'talkative.py', { onOutput: (chunk) => void (output += chunk) });
  expect(config.name).toBe('TalkativeFlow');
  expect(output).toContain('{"error": {"code": "FAKE", "message": "printed by the flow"}}');
  expect(output).toContain('straight to the descriptor');
  expect(output).toContain('to stderr');
});
