import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Launcher, type Message, Place, python, Run } from './launcher.js';

/* The environment, the interpreter and the decorators of a step, met by its handler. */

const place = new Place();
const directory = join(place.directory, 'decorated');
let launcher: Launcher;
let run: Run;
afterAll(() => place.dispose());

const given = ['--datastore=local', '--metadata=local', '--with', 'environment:vars={"GIVEN":"by_with"}'];

beforeAll(async () => {
  launcher = await place.launch('decorated.py', { directory, options: given });
  run = await Run.open(launcher, 'temporal-decorated');
  expect(await run.start()).not.toHaveProperty('error');
  expect(await run.task('other', ['start/temporal-start-0'])).not.toHaveProperty('error');
  expect(await run.task('away', ['other/temporal-other-0'])).not.toHaveProperty('error');
  expect(await run.task('end', ['away/temporal-away-0'])).not.toHaveProperty('error');
}, 120_000);

async function undo(step: string, from = launcher, more: Message = {}) {
  const request = { op: 'compensate', run_id: run.id, step, task_id: `temporal-${step}-0`, handler: `undo_${step}` };
  const failure = { step: 'pay', type: 'ValueError', message: 'declined' };
  const id = from.begin({ ...request, key: 'k', timeout: 60, attempt: 1, failure, ...more });
  const answer = await from.answer(id);
  const { mode } = await from.event(id, 'started');
  return { answer, mode: mode as string, out: from.lines(id, 'stdout'), err: from.lines(id, 'stderr') };
}

describe('a handler', () => {
  it("has what prepares the step: @environment, @secrets, --with, a third party's; and none of what makes a task", async () => {
    const metadata = () =>
      place.client(
        `print(json.dumps(sorted(m.name for m in Task("DecoratedFlow/${run.id}/start/temporal-start-0").metadata)))`,
      ) as string[];
    const before = metadata();
    const { answer, mode, out, err } = await undo('start');
    expect(answer, err.join('\n')).toMatchObject({ ok: true });
    expect(mode).toBe('fork');
    expect(out).toEqual([
      'logged undo_start',
      '0',
      "{'DESK': 'front', 'PASSWORD': 'open sesame', 'PREPARED': 'start temporal-start-0 0', 'NOTED': None, 'INSISTED': 'yes'} False",
    ]);
    const after = metadata();
    expect(after.filter((name) => name !== 'temporal-compensation')).toEqual(before);
    expect(place.client(`print(json.dumps(Task("DecoratedFlow/${run.id}/start/temporal-start-0").data.before))`)).toBe(
      'open sesame',
    );
  });

  it("runs with the step's interpreter, also where nothing else of the run was planned", async () => {
    const expected = {
      answer: { ok: true },
      mode: 'spawn',
      out: [
        'logged undo_other',
        'True True True',
        'declined 1 temporal-other-0',
        "{'METAFLOW_TEMPORAL_RESULT': None, 'GIVEN': 'by_with'} False",
      ],
    };
    expect(await undo('other')).toMatchObject(expected);
    const other = await place.launch('decorated.py', { directory, options: given });
    expect(await undo('other', other)).toMatchObject(expected);
  });

  it('of a step that ran elsewhere runs here, with its interpreter; an override without a mark is the handler', async () => {
    expect(await undo('away')).toMatchObject({
      answer: { ok: true },
      mode: 'spawn',
      out: ['on the worker yes None True'],
    });
  });

  it('reports its failure from any interpreter, with the traceback', async () => {
    const { answer } = await undo('end');
    expect(answer).toMatchObject({
      ok: false,
      error: { type: 'LookupError', message: 'LookupError: no such booking' },
    });
    expect(answer['error'].traceback).toMatch(
      /^Traceback[^]*decorated\.py", line \d+, in undo_end[^]*LookupError: no such booking\n$/,
    );
    const spawning = await place.launch('decorated.py', { directory, options: given, mode: 'spawn' });
    const spawned = await undo('end', spawning);
    expect(spawned).toMatchObject({ mode: 'spawn', answer: { ok: false, error: { type: 'LookupError' } } });
    expect(spawned.answer['error'].traceback).toBe(answer['error'].traceback);
  });

  it('is found wherever it stands: inherited, overridden, wrapped', () => {
    const env = { ...place.env, PYTHONPATH: extensionPath(), MFT_FD_OUT: '1', METAFLOW_USER: 'tester' };
    const asked = spawnSync(python, ['decorated.py', '--quiet', 'temporal', 'inspect'], {
      cwd: directory,
      env,
      encoding: 'utf8',
    });
    const { policies } = JSON.parse(asked.stdout) as { policies: Record<string, { compensate: unknown }> };
    const policy = (handler: string, more = {}) => ({ handler, retries: 3, minutesBetween: 0, timeout: 300, ...more });
    expect(Object.fromEntries(Object.entries(policies).map(([step, { compensate }]) => [step, compensate]))).toEqual({
      start: policy('undo_start', { timeout: 30 }),
      other: policy('undo_other'),
      away: policy('undo_away'),
      end: policy('undo_end'),
    });
  });
});
