import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Message, Place, python, Run } from './launcher.js';

const place = new Place();
const cache = join(place.directory, 'cache');
let stored: Message;
afterAll(() => place.dispose());

beforeAll(() => {
  // As `create` does it: Metaflow's package with this extension on the path.
  const script = `
import sys, json
sys.argv = ["packaged.py", "--quiet", "run"]
import metaflow.runtime
def execute(self):
    url, sha = self._package.package_url(), self._package.package_sha()
    print("@@" + json.dumps({"sha": sha, "url": url, "metadata": self._package.package_metadata}))
metaflow.runtime.NativeRuntime.execute = execute
import runpy
runpy.run_path("packaged.py", run_name="__main__")`;
  const env = {
    ...place.env,
    PYTHONPATH: `${extensionPath()}:${place.directory}`,
    METAFLOW_FEAT_ALWAYS_UPLOAD_CODE_PACKAGE: '1',
  };
  const made = spawnSync(python, ['-c', script], { cwd: place.directory, env, encoding: 'utf8' });
  stored = JSON.parse(/@@(.*)/.exec(made.stdout)?.[1] ?? `{"failed": ${JSON.stringify(made.stderr)}}`) as Message;
  expect(stored).toHaveProperty('sha');
  // From here on the flow exists only in the datastore.
  rmSync(join(place.directory, 'packaged.py'));
  writeFileSync(join(place.directory, 'packaged_helper.py'), 'SAYS = "edited since"\n');
});

describe('a code package', () => {
  it.each(['fork', 'spawn'])('is fetched once and run from the cache, by %s', async (mode) => {
    const datastore = { type: 'local', root: join(place.directory, '.metaflow') };
    const launcher = await place.launch('packaged.py', { package: stored, cache, datastore, mode, directory: '/gone' });
    expect(launcher.ready).toMatchObject({ event: 'ready', directory: place.directory });
    expect(readdirSync(cache)).toEqual([stored['sha']]);
    const run = await Run.open(launcher, `temporal-pk-${mode}`);
    expect(await run.start()).not.toHaveProperty('error');
    expect(await run.after('end')).not.toHaveProperty('error');
    const undo = async (step: string) => {
      const request = {
        op: 'compensate',
        run_id: run.id,
        step,
        task_id: `temporal-${step}-0`,
        handler: `undo_${step}`,
      };
      const id = launcher.begin({ ...request, key: 'k', timeout: 60, failure: {} });
      expect(await launcher.answer(id)).toMatchObject({ ok: true });
      return launcher.lines(id, 'stdout');
    };
    // Handlers run from the package as well, with the interpreter that the step has.
    const file = join(cache, stored['sha'] as string, 'packaged.py');
    expect(await undo('start')).toEqual([`as deployed ${file} ${place.directory}`]);
    expect(await undo('end')).toEqual(['as deployed True 1']);
    expect(await run.close()).toMatchObject({ ok: true });
    const seen = place.client(`
r = Run("PackagedFlow/temporal-pk-${mode}")
s, e = r["start"].task.data, r["end"].task.data
print(json.dumps({"said": s.said, "file": s.file, "cwd": s.cwd, "metaflow": e.metaflow_file, "extension": e.extension_path,
  "helper": e.helper_file, "code": r.code is not None and r.code.flowspec[:9].decode(),
  "package": json.loads(r["start"].task.metadata_dict["code-package"])["sha"] if "code-package" in r["start"].task.metadata_dict else None}))`);
    const folder = join(cache, stored['sha'] as string);
    expect(seen).toMatchObject({
      said: 'as deployed',
      cwd: place.directory,
      file: join(folder, 'packaged.py'),
      code: 'import os',
      package: stored['sha'],
    });
    // A fresh interpreter takes Metaflow and the extension from the package; nothing clashes.
    expect(seen.metaflow.startsWith(join(folder, '.mf_code'))).toBe(true);
    expect(seen.helper).toBe(join(folder, 'packaged_helper.py'));
    expect(launcher.text).not.toMatch(/Traceback|RuntimeError/);
  });

  it('two launchers that fetch at once share one copy', async () => {
    rmSync(cache, { recursive: true });
    const init = { package: stored, cache, datastore: { type: 'local', root: join(place.directory, '.metaflow') } };
    const both = await Promise.all([place.launch('packaged.py', init), place.launch('packaged.py', init)]);
    expect(both.map(({ ready }) => ready['event'] as string)).toEqual(['ready', 'ready']);
    expect(readdirSync(cache)).toEqual([stored['sha']]);
    expect(existsSync(join(cache, stored['sha'] as string, 'packaged.py'))).toBe(true);
  });
});
