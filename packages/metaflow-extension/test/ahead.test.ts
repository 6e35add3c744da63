import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { python } from './launcher.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mft-ahead-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a Python program prints, as JSON. */
function asked(program: string): unknown {
  const env = { ...process.env, PYTHONPATH: extensionPath(), USERNAME: 'tester' };
  const { stdout, stderr, status } = spawnSync(python, ['-c', program], { cwd: folder, env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

const METHODS = `import functools

def wrapped(f):
    @functools.wraps(f)
    def call(*given):
        return f(*given)
    return call

class A:
    x = 1
    @wrapped
    def f(self):
        """doc
  odd"""
        return 1

    # of f no more
    def g(self):
        class B:
            def h(self): pass
        return B

def late(): pass
`;

describe('what forks find done', () => {
  it('the command line is imported without the flow, and gets what the flow adds once there is one', () => {
    const answer = asked(`
import json
from metaflow import Config, FlowSpec, parameters, project
from metaflow_extensions.temporal.launcher import ahead
ahead.import_cli()
from metaflow import cli

def options():
    return sorted({name for option in cli.start.params for name in option.opts} & {"--config", "--config-value", "--branch"})

before = options()
@project(name="p")
class AFlow(FlowSpec):
    some = Config("some", default_value={})

with parameters.flow_context(AFlow):
    ahead.bind()
    once = len(cli.start.params)
    ahead.bind()
print(json.dumps({"before": before, "after": options(), "again": len(cli.start.params) == once}))`);
    expect(answer).toEqual({ before: [], after: ['--branch', '--config', '--config-value'], again: true });
  });

  it('the command line is left alone where it is decorated by something unknown', () => {
    const answer = asked(`
import json, sys
from metaflow_extensions.temporal.launcher import ahead
ahead._OF_NONE.discard("tracing.cli")
ahead.import_cli()
print(json.dumps("metaflow.cli" in sys.modules))`);
    expect(answer).toBe(false);
  });

  it('the graph is told sources as Python tells them, also of a file that has changed', () => {
    writeFileSync(join(folder, 'first.py'), METHODS);
    writeFileSync(join(folder, 'second.py'), METHODS.replace('return 1', 'return (1 +\n  2)'));
    const answer = asked(`
import ast, inspect, json
from metaflow import graph
from metaflow_extensions.temporal.launcher import sources

def keep(name):
    code = compile(open(name).read(), name, "exec")
    sources.keep(code)
    space = {}
    exec(code, space)
    return space

def same(space):
    functions = [space["A"].__dict__["f"], space["A"].__dict__["f"].__wrapped__, space["A"].g, space["late"]]
    asked = [(graph.inspect.getsourcefile(f), graph.inspect.getsourcelines(f)) for f in functions]
    return asked == [(inspect.getsourcefile(f), inspect.getsourcelines(f)) for f in functions]

first = keep("first.py")
kept = [found.code.co_name for found in sources._found.values()]
answers = [same(first)]
graph.inspect.getsourcelines(first["A"].g)[0].append("spoilt")
answers.append(same(first))
text = next(iter(sources._trees))
answers.append(ast.dump(graph.ast.parse(text)) == ast.dump(ast.parse(text)))
second = keep("second.py")
answers += [same(second), same(first), graph.ast.Dict is ast.Dict]
print(json.dumps({"kept": kept, "answers": answers}))`);
    expect(answer).toEqual({ kept: ['f', 'g', 'late'], answers: [true, true, true, true, true, true] });
  });

  it('local metadata is the same files, with the same text and permissions', () => {
    const answer = asked(`
import json, os, stat
from metaflow.plugins.metadata_providers.local import LocalMetadataProvider as Local
from metaflow_extensions.temporal.launcher import local_metadata

datum = {"a": [1, 2.5, None, "\\u00e9\\n"], "b": {"c": True}}
Local._dump_json_to_file("theirs.json", datum)
local_metadata.write_lightly()
Local._dump_json_to_file(os.path.abspath("ours.json"), datum)
Local._dump_json_to_file(os.path.abspath("ours.json"), {})
kept = open("ours.json").read()
Local._dump_json_to_file(os.path.abspath("ours.json"), {}, allow_overwrite=True)
answer = {
    "replaced": Local._dump_json_to_file is local_metadata.write,
    "same": kept == open("theirs.json").read(),
    "mode": [stat.S_IMODE(os.stat(name).st_mode) for name in ("theirs.json", "ours.json")],
    "overwritten": open("ours.json").read(),
}
try:
    Local._dump_json_to_file(os.path.abspath("bad.json"), object())
except TypeError:
    answer["left"] = sorted(name for name in os.listdir(".") if not name.endswith(".py"))
print(json.dumps(answer))`);
    expect(answer).toEqual({
      replaced: true,
      same: true,
      mode: [0o600, 0o600],
      overwritten: '{}',
      left: ['ours.json', 'theirs.json'],
    });
  });
});
