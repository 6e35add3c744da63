import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numpyPython } from '@mft/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Launcher, type Message, Place, python, Run } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());

const numpy = numpyPython();
const TASKS = 50;

/** `draw` 50 times, five at a time; the events with which the tasks started. */
async function draw(launcher: Launcher, run: Run): Promise<Message[]> {
  const started: Message[] = [];
  const one = async (index: number): Promise<void> => {
    const more = { task_id: `temporal-draw-${index}-0`, split_index: index };
    const id = launcher.begin(run.request('draw', ['limited/temporal-limited-0'], more));
    started.push(await launcher.event(id, 'started'));
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
  };
  for (let index = 0; index < TASKS; index += 5) await Promise.all([0, 1, 2, 3, 4].map((more) => one(index + more)));
  return started;
}

/** Exactly these warnings; what the launcher prints may come after what it says on its line. */
function warned(launcher: Launcher, lines: readonly string[]): Promise<void> {
  return expect.poll(() => launcher.text.match(/^mft:.*$/gm), { timeout: 10_000 }).toEqual(lines);
}

/** How many different values the tasks drew, by artifact. */
function different(run: Run, names: string[]): Record<string, number> {
  const tasks = `[t.data for t in Step("PreloadingFlow/${run.id}/draw")]`;
  return place.client(
    `d = ${tasks}\nprint(json.dumps({n: len({getattr(x, n) for x in d}) for n in ${JSON.stringify(names)}}))`,
  );
}

describe('--preload', () => {
  const title = `auto: ${TASKS} forks draw ${TASKS} different random numbers`;
  it(numpy ? `${title}, of numpy too` : `${title} (numpy could not be had here)`, async () => {
    const launcher = await place.launch('preloading.py', { mode: 'auto', preload: ['auto'] }, {}, numpy);
    expect(launcher.ready).toMatchObject({ event: 'ready', mode: 'fork' });
    const run = await Run.open(launcher, 'temporal-auto');
    expect(await run.start()).toMatchObject({ ok: true });
    const loaded = place.client(
      `print(json.dumps(Task("PreloadingFlow/${run.id}/start/temporal-start-0").data.loaded))`,
    );
    // Its own module is not there before it asks for it.
    expect(loaded).toEqual([...(numpy ? ['numpy', 'numpy.random'] : []), 'uuid']);
    // What numpy obeys only while it is imported.
    const limited = run.begin('limited');
    expect(await launcher.event(limited, 'started')).toMatchObject({ mode: 'spawn' });
    expect(await launcher.answer(limited)).toMatchObject({ ok: true, splits: TASKS });
    const started = await draw(launcher, run);
    expect(new Set(started.map(({ mode }) => mode))).toEqual(new Set(['fork']));
    const names = ['python', 'token', 'unique', 'file', ...(numpy ? ['legacy', 'modern'] : [])];
    expect(different(run, names)).toEqual(Object.fromEntries(names.map((name) => [name, TASKS])));
    expect(launcher.text).not.toContain('mft:');
  });

  it('of a module that starts a thread: fresh interpreters, and one warning', async () => {
    const launcher = await place.launch('preloading.py', { mode: 'auto', preload: ['starts_thread', 'json'] });
    expect(launcher.ready).toMatchObject({ mode: 'spawn' });
    await warned(launcher, [
      'mft: threads are alive: reporter (started by the import of starts_thread). ' +
        'Tasks are not forked but get a fresh interpreter each, which is slower. Leave starts_thread out of --preload.',
    ]);
    const run = await Run.open(launcher, 'temporal-threads');
    const id = launcher.begin(run.request('start', ['_parameters/temporal-_parameters-0']));
    expect(await launcher.event(id, 'started')).toMatchObject({ mode: 'spawn' });
    expect(await launcher.answer(id)).toMatchObject({ ok: true });
  });

  it('of a module that starts a thread, with --mode fork: forks, and one warning', async () => {
    const launcher = await place.launch('preloading.py', { mode: 'fork', preload: ['starts_thread'] });
    expect(launcher.ready).toMatchObject({ mode: 'fork' });
    await warned(launcher, [
      'mft: threads are alive: reporter (started by the import of starts_thread). ' +
        'Tasks are forked as --mode fork says, without these threads, and may hang. Leave starts_thread out of --preload.',
    ]);
    const run = await Run.open(launcher, 'temporal-insists');
    expect(await run.start()).toMatchObject({ ok: true });
  });

  it('of modules that cannot be imported: one warning each, and tasks go on', async () => {
    const launcher = await place.launch('preloading.py', {
      mode: 'auto',
      preload: ['raises_at_import', 'is_not_there'],
    });
    expect(launcher.ready).toMatchObject({ mode: 'fork' });
    await warned(launcher, [
      'mft: cannot preload raises_at_import, tasks import it themselves: not today',
      "mft: cannot preload is_not_there, tasks import it themselves: No module named 'is_not_there'",
    ]);
    const run = await Run.open(launcher, 'temporal-broken');
    expect(await run.start()).toMatchObject({ ok: true });
  });
});

describe('what auto finds', () => {
  const folder = join(place.directory, 'finding');
  mkdirSync(folder);
  writeFileSync(join(folder, 'yaml.py'), '');
  mkdirSync(join(folder, 'networkx'));

  function found(source: string): string[] {
    writeFileSync(join(folder, 'flow.py'), source);
    const program =
      'import json, sys; from metaflow_extensions.temporal.launcher.preloading import found_in_flow; ' +
      'print(json.dumps(found_in_flow(sys.argv[1])))';
    const { stdout, stderr } = spawnSync(python, ['-c', program, join(folder, 'flow.py')], {
      env: { ...place.env, PYTHONPATH: extensionPath() },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as string[];
  }

  it.each([
    ['plain imports', 'import pandas as pd, json\nimport scipy.stats', ['pandas', 'json', 'scipy.stats']],
    ['names that may be modules', 'from sklearn import svm\nfrom scipy import *', ['sklearn', 'sklearn.svm', 'scipy']],
    ['what a package imports late', 'import numpy', ['numpy', 'numpy.linalg', 'numpy.random']],
    [
      'inside of try, if, with and classes',
      'try:\n  import scipy\nexcept ImportError:\n  import PIL\nelse:\n  import lxml\nif 1:\n  import pytz\nwith x:\n  import bs4\nclass A:\n  import tqdm',
      ['scipy', 'lxml', 'PIL', 'pytz', 'bs4', 'tqdm'],
    ],
    [
      'nothing of functions and type checkers',
      'if TYPE_CHECKING:\n  import scipy\nelse:\n  import bs4\nif typing.TYPE_CHECKING:\n  import scipy\ndef f():\n  import scipy',
      ['bs4'],
    ],
    [
      'nothing that is not known, or relative',
      'import torch, grpc, mine\nfrom . import numpy\nfrom .scipy import x',
      [],
    ],
    ['nothing that lies beside the flow; a folder of data is no module', 'import yaml\nimport networkx', ['networkx']],
    ['nothing where a variable must be set first', 'import os\nos.environ["OMP_NUM_THREADS"] = "1"\nimport numpy', []],
    ['nothing in what is no Python', 'import numpy as', []],
  ])('%s', (_, source, expected) => {
    expect(found(source)).toEqual(expected);
  });
});
