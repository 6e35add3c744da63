import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Place, Run } from './launcher.js';

const WIDTH = 3000;
const place = new Place();
afterAll(() => place.dispose());

it(`a fresh interpreter joins ${WIDTH} tasks, whose paths it finds in a file`, { timeout: 120_000 }, async () => {
  const launcher = await place.launch('shapes.py', { mode: 'spawn' });
  const run = await Run.open(launcher, 'temporal-wide', { params: { count: WIDTH } });
  expect(await run.start()).toMatchObject({ ok: true, splits: WIDTH });
  // Without a pattern in their names, paths of that number are as long as any.
  const id = (i: number) => `temporal-body-${i}-${((i * 2654435761) % 4294967296).toString(36)}`;
  expect(await run.after('body', { task_id: id(0), split_index: 0 })).toMatchObject({ ok: true });
  // The others are the first one by other names: 3,000 interpreters would take a quarter of an hour.
  const body = join(place.directory, '.metaflow/ShapesFlow/temporal-wide/body');
  for (let i = 1; i < WIDTH; i++) symlinkSync(id(0), join(body, id(i)));

  const inputs = Array.from({ length: WIDTH }, (_, i) => `body/${id(i)}`);
  const asked = launcher.begin(run.request('join', inputs, { join_type: 'foreach' }));
  expect(await launcher.event(asked, 'started')).toMatchObject({ mode: 'spawn' });
  expect(await launcher.answer(asked)).toMatchObject({ ok: true });
  const seen = place.client(
    'import sys\nt = Task("ShapesFlow/temporal-wide/join/temporal-join-0")\nprint(json.dumps([len(t.data.order), t.data.total]))',
  );
  expect(seen).toEqual([WIDTH, 0]);
});
