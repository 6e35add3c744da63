import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishEvents } from '../src/events/announce.js';
import { formatPublished, givenPayload, publishCommand, verdictOn } from '../src/index.js';
import { config } from './support/graphs.js';

describe('a payload from a command line', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mft-events-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is words, which win over a file', async () => {
    const file = join(folder, 'payload.json');
    await writeFile(file, '{"a": 1, "b": [2]}');
    expect(await givenPayload(['a=x=y', 'c='], file)).toEqual({ a: 'x=y', b: [2], c: '' });
  });

  it.each([
    ['[1]', 'is not a JSON object'],
    ['{', 'cannot be read'],
  ])('%s in a file is refused', async (text, sentence) => {
    const file = join(folder, 'wrong.json');
    await writeFile(file, text);
    const refused = givenPayload([], file);
    await expect(refused).rejects.toMatchObject({ code: 'PAYLOAD_FILE', message: expect.stringContaining(sentence) });
    await expect(givenPayload(['word'])).rejects.toMatchObject({ code: 'INVALID_EVENT' });
  });
});

it('the command of tasks names the server and no key, with paths that hold anywhere', () => {
  const flags = { apiKey: 'secret', tls: true, tlsCaPath: 'ca.pem', dataConverter: './encryption.mjs' };
  const server = { address: 'host:7233', namespace: 'team' };
  expect(publishCommand(['node', 'w.mjs'], '--namespace', flags, server)).toEqual([
    ...['node', 'w.mjs', 'publish', '--address=host:7233', '--namespace=team'],
    ...[`--tls-ca-path=${resolve('ca.pem')}`, `--data-converter=${resolve('encryption.mjs')}`, '--tls'],
  ]);
});

it('what became of an event is told in a line for each deployment', () => {
  const run = { deployment: 'A', pathspec: 'F/temporal-F-1', runId: 'temporal-F-1', workflowId: 'F-1' };
  const refused = [{ deployment: 'D', code: 'MISSING_PARAMETER', message: 'Parameter "x" is required.' }];
  const event = { name: 'e', id: '1', timestamp: 1 };
  expect(formatPublished({ ...event, started: [run], pending: ['B'], duplicates: ['C'], refused })).toBe(
    [
      'Published e, id 1',
      '  A: started F/temporal-F-1',
      '  B: waits for its other events',
      '  C: has had it before',
      '  D: refused [MISSING_PARAMETER]: Parameter "x" is required.',
    ].join('\n'),
  );
  expect(formatPublished({ ...event, started: [], pending: [], duplicates: [], refused: [] })).toContain(
    'No deployment',
  );
});

it('an event that every deployment refused fails the command; one that some took is a warning', () => {
  const none = { name: 'e', id: '1', timestamp: 1, started: [], pending: [], duplicates: [], refused: [] };
  const refused = [
    { deployment: 'D', code: 'MISSING_PARAMETER', message: 'Parameter "x" is required.', hint: 'Add x.' },
  ];
  const warning = ['warning: D does not take the event: Parameter "x" is required.', '  Add x.'];
  expect(verdictOn({ ...none, refused })).toEqual({
    ...{ exitCode: 1, warnings: [...warning, 'No deployment that waits for e has taken it.'] },
  });
  const run = { deployment: 'A', pathspec: 'F/temporal-F-1', runId: 'temporal-F-1', workflowId: 'F-1' };
  for (const taken of [{ started: [run] }, { pending: ['B'] }, { duplicates: ['C'] }])
    expect(verdictOn({ ...none, ...taken, refused })).toEqual({ exitCode: 0, warnings: warning });
  expect(verdictOn(none)).toEqual({ exitCode: 0, warnings: [] });
});

it('a run whose last step has a name of its own is announced under both', () => {
  const plan = { ...config.plan, graph: { ...config.plan.graph, end: 'last' } };
  const events = finishEvents({ ...config, plan }, { hash: '', runId: 'temporal-HelloFlow-1', timestamp: 7 });
  expect(events.map(({ name, id }) => [name, id])).toEqual([
    ['metaflow.HelloFlow.end', 'HelloFlow/temporal-HelloFlow-1/last/temporal-last-0'],
    ['metaflow.HelloFlow.last', 'HelloFlow/temporal-HelloFlow-1/last/temporal-last-0'],
  ]);
});
