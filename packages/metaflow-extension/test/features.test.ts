import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Message, Place, python, Run } from './launcher.js';

const place = new Place();
afterAll(() => place.dispose());

const params = { shape: { b: [2] }, ratio: 2.5, flag: true, words: ['p', 'q'] };
const words = ['--shape={"b": [2]}', '--ratio=2.5', '--flag=True', '--words=p,q', '--tag=mine'];

/** All that a run leaves behind, but for what cannot be the same twice. */
const leftovers = (run: string): Message =>
  place.client(`
def task(t):
    names = sorted(a.id for a in t.artifacts)
    # Which class prints as an object says nothing.
    values = {n: repr(t[n].data) if n in ("level", "branch_name", "got", "node", "nodes", "sides", "CONSTANT") else None for n in names}
    meta = sorted((m.type, "" if m.type == "card-info" else m.name) for m in t.metadata if m.type not in ("code-package",))
    return {"artifacts": values, "metadata": meta, "tags": sorted(t.user_tags), "out": t.stdout, "ok": t.successful,
      "attempt": t.current_attempt, "files": files(t)}
import os
def files(t):
    where = os.path.join(".metaflow", *t.pathspec.split("/"))
    return sorted(os.listdir(where))
r = Run("FeaturesFlow/${run}")
steps = {}
for s in list(r) + [r["_parameters"]]:
    steps[s.id] = sorted((task(t) for t in s), key=lambda d: str(d["artifacts"].get("node")))
tags = sorted(t for t in r.system_tags if not t.startswith("runtime:"))
print(json.dumps({"steps": steps, "tags": tags, "user": sorted(r.user_tags), "ok": r.successful}))`) as Message;

describe('features of Metaflow', () => {
  it('leaves what `metaflow run` leaves: artifacts, metadata, tags, logs, files', async () => {
    const runIdFile = join(place.directory, 'run-id');
    const plain = spawnSync(
      python,
      ['features.py', '--metadata=local', '--datastore=local', 'run', '--run-id-file', runIdFile, ...words],
      {
        cwd: place.directory,
        env: { ...place.env, PATH: `${dirname(python)}:${process.env['PATH']}` },
        encoding: 'utf8',
      },
    );
    expect(plain.status, plain.stdout + plain.stderr).toBe(0);

    const launcher = await place.launch('features.py');
    const run = await Run.open(launcher, 'temporal-features', { params, tags: ['mine'] });
    expect(await run.start()).toMatchObject({ ok: true, splits: 2 });
    const train = await run.after('train', { ubf_context: 'ubf_control' });
    expect(train).toMatchObject({ ok: true, mappers: ['temporal-train-0', 'temporal-train-0_node_1'] });
    expect(
      await run.task(
        'gather',
        (train['mappers'] as string[]).map((id) => `train/${id}`),
        { join_type: 'foreach' },
      ),
    ).toMatchObject({ ok: true });
    expect(await run.task('divide', ['gather/temporal-gather-0'])).toMatchObject({ ok: true });
    const gathered = ['divide/temporal-divide-0'];
    expect(await Promise.all([run.task('left', gathered), run.task('right', gathered)])).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
    expect(
      await run.task('meet', ['left/temporal-left-0', 'right/temporal-right-0'], { join_type: 'linear' }),
    ).toMatchObject({ ok: true });
    expect(await run.task('end', ['meet/temporal-meet-0'])).toMatchObject({
      ok: true,
      artifacts: expect.not.arrayContaining(['CONSTANT', 'shape', 'name']),
    });
    expect(await run.close()).toMatchObject({ ok: true });

    const { readFileSync } = await import('node:fs');
    const ours = leftovers('temporal-features');
    expect(ours).toEqual(leftovers(readFileSync(runIdFile, 'utf8').trim()));
    expect(ours['steps'].start[0].artifacts).toMatchObject({
      level: '7',
      branch_name: "'user.tester'",
      got: "[{'b': [2]}, 2.5, True, ['p', 'q'], 'included text']",
    });
    const html = place.client(`from metaflow.cards import get_cards
print(json.dumps([len(get_cards(Task("FeaturesFlow/temporal-features/start/temporal-start-0"))), Task("FeaturesFlow/temporal-features/gather/temporal-gather-0").data.nodes]))`);
    expect(html).toEqual([1, [0, 1]]);
  }, 120_000);
});
