import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Launcher, type Message, Place, python, Run } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());

const triggers = [
  { type: 'event', name: 'ready', id: '1', timestamp: 1_700_000_000, payload: { a: [1] } },
  { type: 'run', name: 'metaflow.UpFlow.end', id: 'UpFlow/r/end/t', timestamp: 1_700_000_005 },
  { type: 'schedule', name: 'TriggeredFlow', id: 'w', timestamp: 1_700_000_002 },
];
/** What each process prints: the latest first. */
const seen = "[('metaflow.UpFlow.end', 'run', None), ('TriggeredFlow', 'schedule', None), ('ready', 'event', [1])]";
const triggered = { triggered: true };

/** What a task, or a handler, prints. */
async function said(launcher: Launcher, request: Message): Promise<string[]> {
  const id = launcher.begin(request);
  expect(await launcher.answer(id)).toMatchObject({ ok: true });
  return launcher.lines(id, 'stdout');
}
const undo = (run: string): Message => ({
  ...{ op: 'compensate', run_id: run, step: 'start', task_id: 'temporal-start-0', handler: 'undo', key: 'k' },
  ...{ timeout: 60, attempt: 0, failure: { type: 'T', message: 'm' }, ...triggered },
});

describe('a run that was triggered', () => {
  const id = 'temporal-triggered';

  it('tells its tasks by what, the latest first', async () => {
    const run = await Run.open(await place.launch('triggered.py'), id, { triggers });
    const start = run.request('start', ['_parameters/temporal-_parameters-0'], triggered);
    expect(await said(run.launcher, start)).toEqual([seen]);
    await run.launcher.ask({ op: 'close', run_id: id, status: 'released' });
  });

  it.each(['fork', 'spawn'])('tells them on another worker as well, and handlers: %s', async (mode) => {
    const run = new Run(await place.launch('triggered.py', { mode }), id);
    const request = run.request('end', ['start/temporal-start-0'], { task_id: `temporal-end-${mode}`, ...triggered });
    expect(await said(run.launcher, request)).toEqual([seen]);
    expect(await said(run.launcher, undo(id))).toEqual([seen]);
  });

  it('tells a step that runs on another machine, which has nothing but the datastore', () => {
    const words = ['--run-id', id, '--task-id', 'temporal-end-far', '--input-paths', `${id}/start/temporal-start-0`];
    const top = ['--no-pylint', '--quiet', '--metadata=local', '--datastore=local', '--with', 'temporal_internal'];
    const { stdout, stderr } = spawnSync(
      python,
      [join(place.directory, 'triggered.py'), ...top, 'step', 'end', ...words],
      {
        cwd: place.directory,
        env: { ...place.env, METAFLOW_USER: 'tester', PYTHONPATH: extensionPath() },
        encoding: 'utf8',
      },
    );
    expect(stdout.trim().split('\n').at(-1), stderr).toBe(seen);
  });

  it('tells Metaflow’s client, and leaves artifacts that need no extension', () => {
    expect(
      place.client(`
run = Run("TriggeredFlow/${id}")
data = run["start"].task.data
print(json.dumps([
    [each.id for each in run.trigger], run["start"].task.metadata_dict["scheduled-at"],
    type(data.trigger).__module__, type(data.event).__module__, data.event.id, data.trigger.event.id,
]))`),
    ).toEqual([
      ['UpFlow/r/end/t', 'w', '1'],
      '2023-11-14T22:13:22Z',
      ...['metaflow.events', 'metaflow.events', 'UpFlow/r/end/t', 'UpFlow/r/end/t'],
    ]);
  });

  it('hands that on to a run that resumes it', async () => {
    const launcher = await place.launch('triggered.py');
    const origin = await Run.open(launcher, 'temporal-origin', { triggers });
    await origin.start(triggered);
    await origin.close('failed');
    const resume = { origin: 'temporal-origin' };
    const resumed = await Run.open(launcher, 'temporal-again', { resume, params: undefined });
    expect(await resumed.start({ resume })).toMatchObject({ ok: true, cloned: true });
    const end = resumed.request('end', ['start/temporal-start-0'], { resume });
    expect(await said(launcher, end)).toEqual([seen]);
    expect(place.client('print(json.dumps([e.id for e in Run("TriggeredFlow/temporal-again").trigger]))')).toEqual([
      'UpFlow/r/end/t',
      'w',
      '1',
    ]);
  });
});

it('a run that nothing triggered has none', async () => {
  const launcher = await place.launch('triggered.py');
  const run = await Run.open(launcher, 'temporal-plain');
  expect(await said(launcher, run.request('start', ['_parameters/temporal-_parameters-0']))).toEqual(['nothing']);
  expect(place.client('print(json.dumps(Run("TriggeredFlow/temporal-plain").trigger))')).toBeNull();
});
