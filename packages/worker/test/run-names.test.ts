import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { givenParameters } from '../src/index.js';
import { workflowIdsOf } from '../src/run/find.js';
import { taskOf } from '../src/run/logs.js';
import { config } from './support/graphs.js';

describe('workflowIdsOf', () => {
  test.each([
    ['temporal-Hello_x3a_1', ['Hello:1', 'temporal-Hello_x3a_1']],
    ['HelloFlow/temporal-HelloFlow-1', ['HelloFlow-1', 'HelloFlow/temporal-HelloFlow-1']],
    ['HelloFlow/temporal-HelloFlow-1/train/7', ['HelloFlow-1', 'HelloFlow/temporal-HelloFlow-1/train/7']],
    ['HelloFlow-1', ['HelloFlow-1']],
    ['1718', ['1718']],
    ['', []],
  ])('%s', (name, ids) => {
    expect(workflowIdsOf(name)).toEqual(ids);
  });
});

describe('taskOf', () => {
  test.each([
    ['', {}],
    ['train', { step: 'train' }],
    ['train/temporal-train-0', { step: 'train', task: 'temporal-train-0' }],
    ['train[3]', { step: 'train', task: 'temporal-train-3-0' }],
    ['train[3,1]#2', { step: 'train', task: 'temporal-train-3_1-2' }],
    ['loop#4', { step: 'loop', task: 'temporal-loop-4' }],
  ])('%s', (word, task) => {
    expect(taskOf(word)).toEqual(task);
  });
});

describe('givenParameters', () => {
  let folder: string;
  const file = async (content: string): Promise<string> => {
    await writeFile(join(folder, 'p.json'), content);
    return join(folder, 'p.json');
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mft-given-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('words win over the file, and both are checked', async () => {
    const path = await file('{"greeting": "hi", "count": 3}');
    expect(await givenParameters(config.parameters, ['count=4'], path)).toEqual({ greeting: 'hi', count: 4 });
    expect(await givenParameters(config.parameters, ['greeting=you'])).toEqual({ greeting: 'you' });
    await expect(givenParameters(config.parameters, [], await file('{"count": "x"}'))).rejects.toMatchObject({
      code: 'INVALID_PARAMETER',
    });
    await expect(givenParameters(config.parameters, [], await file('{}'))).rejects.toMatchObject({
      code: 'MISSING_PARAMETER',
    });
    expect(await givenParameters(config.parameters, [], await file('{}'), { partial: true })).toEqual({});
  });

  test.each(['[1]', 'null', '"x"', '{', ''])('%s is no object of parameters', async (content) => {
    await expect(givenParameters(config.parameters, [], await file(content))).rejects.toMatchObject({
      code: 'PARAMS_FILE',
    });
  });
});
