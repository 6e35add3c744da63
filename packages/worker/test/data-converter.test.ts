import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, connectWorker, loadDataConverter } from '../src/index.js';

const CODEC = '{ encode: async (p) => p, decode: async (p) => p }';
const FILES = {
  'codec.mjs': `export const payloadCodecs = [${CODEC}];`,
  'codec.cjs': `module.exports = { payloadCodecs: [${CODEC}] };`,
  'converter.mjs': `export const dataConverter = { payloadCodecs: [${CODEC}] };`,
  'nothing.mjs': 'export const codecs = [];',
  'empty.mjs': 'export const payloadCodecs = [];',
  'half.mjs': 'export const payloadCodecs = [{ encode: async (p) => p }];',
  'payload.mjs': `export const dataConverter = { payloadConverterPath: './x.cjs', payloadCodecs: [${CODEC}] };`,
  'throws.mjs': 'throw new Error("the key is missing");',
  'fails.mjs':
    'export const payloadCodecs = [{ encode: async () => { throw new Error("no key"); }, decode: async (p) => p }];',
  'node_modules/my-codecs/package.json': '{"name":"my-codecs","type":"module","exports":{".":{"import":"./main.js"}}}',
  'node_modules/my-codecs/main.js': `export const payloadCodecs = [${CODEC}];`,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mft-converter-'));
  await mkdir(join(folder, 'node_modules/my-codecs'), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['codec.mjs', './codec.mjs', 'codec.cjs', 'converter.mjs', 'my-codecs'])('%s', async (module) => {
  expect((await loadDataConverter(module, folder)).payloadCodecs).toHaveLength(1);
});

test('an absolute path, whatever the working directory', async () => {
  expect((await loadDataConverter(join(folder, 'codec.mjs'), '/')).payloadCodecs).toHaveLength(1);
});

test.each([
  ['no-such-package', 'DATA_CONVERTER_NOT_FOUND', '"no-such-package" is neither a file nor an installed package'],
  ['./no.mjs', 'DATA_CONVERTER_NOT_FOUND', '"./no.mjs" is neither'],
  ['nothing.mjs', 'DATA_CONVERTER_INVALID', 'exports no payload codecs'],
  ['empty.mjs', 'DATA_CONVERTER_INVALID', 'exports no payload codecs'],
  ['half.mjs', 'DATA_CONVERTER_INVALID', 'exports no payload codecs'],
  ['payload.mjs', 'DATA_CONVERTER_INVALID', 'sets "payloadConverterPath"'],
  ['throws.mjs', 'DATA_CONVERTER_FAILED', 'cannot be loaded: the key is missing'],
])('%s is refused: %s', async (module, code, words) => {
  await expect(loadDataConverter(module, folder)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
    hint: expect.any(String),
  });
});

test('a codec that fails is named', async () => {
  const { payloadCodecs } = await loadDataConverter('fails.mjs', folder);
  await expect(payloadCodecs[0]?.encode([])).rejects.toMatchObject({
    code: 'DATA_CONVERTER_FAILED',
    message: 'The data converter "fails.mjs" cannot encode a payload: no key',
    exitCode: 1,
  });
});

test.each([
  ['client', connect],
  ['worker', connectWorker],
])('%s: refused before anything is connected, by flag and by environment', async (_, open) => {
  const flags = { address: '127.0.0.1:1' };
  const error = { code: 'DATA_CONVERTER_NOT_FOUND' };
  await expect(open({ ...flags, dataConverter: './no.mjs' })).rejects.toMatchObject(error);
  process.env['MFT_DATA_CONVERTER'] = './no.mjs';
  try {
    await expect(open(flags)).rejects.toMatchObject(error);
  } finally {
    delete process.env['MFT_DATA_CONVERTER'];
  }
});
