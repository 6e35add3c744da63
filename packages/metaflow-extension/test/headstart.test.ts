import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { python } from './launcher.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mft-headstart-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a Python program prints, as JSON. */
function asked(program: string): unknown {
  const env = { ...process.env, PYTHONPATH: extensionPath(), USERNAME: 'tester' };
  const { stdout, stderr, status } = spawnSync(python, ['-c', program], { cwd: folder, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('the head start of forks', () => {
  it('keeps the code of what they execute, and executes nothing of it', () => {
    const answer = asked(`
import json, sys
from metaflow_extensions.temporal.launcher import headstart
headstart.keep_code()
before = [name for name in sys.modules if name.startswith("metaflow.cli")]
import metaflow.cli_components.step_cmd as late, metaflow.cli as cli, metaflow.cli_components as package
print(json.dumps({
    "before": [name for name in before if name == "metaflow.cli" or name.startswith("metaflow.cli_components")],
    "kept": [type(each.__loader__).__name__ for each in (cli, late)],
    "files": [each.__spec__.origin == each.__file__ and each.__cached__.endswith(".pyc") for each in (cli, late)],
    "source": late.__loader__.get_source(late.__name__)[:4] != "",
    "path": package.__path__ == [package.__file__.rsplit("/", 1)[0]],
}))`);
    expect(answer).toEqual({
      before: [],
      kept: ['_Loader', '_Loader'],
      files: [true, true],
      source: true,
      path: true,
    });
  });

  it('answers where a method ends as Python does, and forgets a file that has changed', () => {
    const first =
      'import functools\n\nclass A:\n    x = 1\n    @functools.lru_cache\n    def f(self):\n        """doc\n  odd"""\n        return 1\n\n    # of f no more\n    def g(self):\n        class B:\n            def h(self): pass\n        return B\n\ndef late(): pass\n';
    writeFileSync(join(folder, 'first.py'), first);
    writeFileSync(join(folder, 'second.py'), first.replace('return 1', 'return (1 +\n  2)'));
    const answer = asked(`
import inspect, json, linecache
plain = inspect.getblock
from metaflow_extensions.temporal.launcher import headstart

def keep(name):
    code = compile(open(name).read(), name, "exec")
    headstart.keep_blocks(code, linecache.getlines(name))
    return linecache.getlines(name)

def same(lines):
    return all(inspect.getblock(lines[at:]) == plain(lines[at:]) for at in (2, 4, 11, 13, 16))

first = keep("first.py")
kept = len(headstart._blocks)
answers = [same(first)]
inspect.getblock(first[4:]).append("spoilt")
answers.append(same(first))
second = keep("second.py")
answers += [same(second), same(first)]
print(json.dumps({"kept": kept, "answers": answers}))`);
    expect(answer).toEqual({ kept: 3, answers: [true, true, true, true] });
  });
});
