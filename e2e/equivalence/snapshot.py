"""Print all that Metaflow's client sees of one run, as JSON, in a form in which two runs of one flow can be compared.

    python snapshot.py FLOW_FILE FLOW_NAME RUN_ID ANSWER_FILE

S1. A task is known by its step, its foreach indices and its round in a loop; never by its id.
S2. An artifact is spelled out by value, however deep. `raw` is the value as it is; in `plain` the ids of the run and of its
    tasks are replaced by S1's keys, since one run's ids are nothing like the other's.
S3. Nothing is read but through `metaflow.client`, as a user would.
"""

import base64
import datetime
import decimal
import enum
import hashlib
import importlib.util
import json
import os
import pickle
import re
import sys

import metaflow

# Tags that tell where and when a run was made rather than what it is.
PASSING_TAGS = re.compile(r"^(runtime:|date:|temporal_|metaflow_run_id:)")
NUMBERS = ("int", "float")
USER_METADATA = ("attempt", "foreach-stack", "foreach-execution-path", "script-name", "attempt_ok", "user", "python_version")


def load_flow_module(path):
    """Artifacts of the flow file's classes are pickled as `__main__.X`: give `__main__` those names."""
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location("flow_file", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main = sys.modules["__main__"]
    for name, value in vars(module).items():
        if not name.startswith("__") and not hasattr(main, name):
            setattr(main, name, value)


def spell(value, seen=()):
    """A value as JSON: type names, contents, and nothing of where it lies in memory."""
    if value is None or isinstance(value, (bool, str)):
        return value
    kind = type(value).__name__
    if kind in NUMBERS:
        return {kind: repr(value)}
    if id(value) in seen:
        return {"cycle": kind}
    seen = seen + (id(value),)
    if isinstance(value, enum.Enum):
        return {"enum": "%s.%s" % (kind, value.name)}
    if isinstance(value, (bytes, bytearray)):
        return {kind: base64.b64encode(bytes(value)).decode()}
    if isinstance(value, (list, tuple)):
        return {kind: [spell(item, seen) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {kind: sorted((spell(item, seen) for item in value), key=json.dumps)}
    if isinstance(value, dict):
        return {kind: [[spell(key, seen), spell(item, seen)] for key, item in value.items()]}
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, complex, range)):
        return {kind: repr(value)}
    if isinstance(value, BaseException):
        return {kind: [spell(value.args, seen), spell(vars(value), seen)]}
    if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
        return {"named": getattr(value, "__qualname__", kind)}
    state = getattr(value, "__dict__", None)
    if state is not None:
        return {kind: {name: spell(item, seen) for name, item in sorted(state.items())}}
    return {kind: hashlib.sha256(pickle.dumps(value, protocol=4)).hexdigest()}


class Names:
    """Replaces what differs from run to run: ids, addresses, and frames of code that is not the user's."""

    def __init__(self, flow_file, run):
        self.directory = os.path.dirname(flow_file)
        self.run_id = run.id
        self.keys = {}
        self.path = re.compile(re.escape(run.id) + r"/([a-z0-9_]+)/([\w.-]+)")

    def text(self, text, task_id=None):
        if text == task_id:
            return "<task>"
        text = self.path.sub(lambda m: "<run>/" + self.keys.get((m.group(1), m.group(2)), m.group(1) + "/?"), text)
        text = text.replace(self.run_id, "<run>")
        text = re.sub(r"\b0?x[0-9a-f]{8,}\b", "<address>", text)
        text = re.sub(r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+", "<time>", text)
        return self.traceback(text) if 'File "' in text else text

    def traceback(self, text):
        """Drop frames outside the flow's own folder, their source lines and their carets."""
        kept, dropping = [], False
        for line in text.split("\n"):
            bare = line.lstrip("> ")
            if bare.startswith('File "'):
                dropping = self.directory not in bare
            elif dropping and not re.match(r">?\s{4,}", line):
                dropping = False
            if not dropping and not re.match(r"^[\^~]+$", bare):
                kept.append(line)
        return "\n".join(kept)

    def value(self, value, task_id):
        if isinstance(value, str):
            return self.text(value, task_id)
        if isinstance(value, list):
            return [self.value(item, task_id) for item in value]
        if isinstance(value, dict):
            return {key: item if key in NUMBERS else self.value(item, task_id) for key, item in value.items()}
        return value


def key_of(task):
    metadata = task.metadata_dict
    path = metadata.get("foreach-execution-path") or ""
    indices = [part.rsplit(":", 1)[1] for part in path.split(",") if part]
    try:
        rounds = task["_iteration_stack"].data
    except Exception:
        rounds = []
    return task.parent.id + ("[%s]" % ",".join(indices) if indices else "") + "".join("#%d" % n for n in rounds or [])


def artifacts_of(task, names):
    result = {}
    for artifact in task:
        try:
            raw = spell(artifact.data)
        except Exception as error:
            raw = {"unreadable": repr(error)}
        result[artifact.id] = {"raw": raw, "plain": names.value(raw, task.id)}
    return result


def exception_of(task):
    problem = task.exception
    if problem is None:
        return None
    return {"type": getattr(problem, "type", type(problem).__name__), "message": str(getattr(problem, "exception", problem))}


def relatives(task, names, which):
    try:
        paths = getattr(task, which + "_task_pathspecs")
        return sorted(names.keys.get(tuple(path.split("/")[-2:]), path.split("/")[-2] + "/?") for path in paths)
    except (AttributeError, KeyError):
        return None  # a Metaflow that has no such property yet, or a task that died before it saved anything


def describe(task, names):
    metadata = task.metadata_dict
    return {
        "artifacts": artifacts_of(task, names),
        "successful": task.successful,
        "finished": task.finished,
        "exception": exception_of(task),
        "stdout": names.text(task.stdout, None).splitlines(),
        "stderr": names.text(task.stderr, None).splitlines(),
        "tags": sorted(tag for tag in task.tags if not PASSING_TAGS.match(tag)),
        "parents": relatives(task, names, "parent"),
        "children": relatives(task, names, "child"),
        "metadata": {name: names.value(metadata.get(name), None) for name in USER_METADATA},
        "index": task.index,
        "taskId": task.id,
    }


def main(flow_file, flow_name, run_id):
    # Not under __main__'s guard only: importing the flow file must not run it.
    load_flow_module(flow_file)
    metaflow.namespace(None)
    run = metaflow.Run("%s/%s" % (flow_name, run_id))
    names = Names(flow_file, run)
    tasks = [task for step in run for task in step]
    repeated = []
    for task in tasks:
        key = key_of(task)
        if key in names.keys.values():
            repeated.append(key)
        names.keys[(task.parent.id, task.id)] = key
    end = run.end_task
    return {
        "runId": run.id,
        "successful": run.successful,
        "finished": run.finished,
        "tags": sorted(tag for tag in run.tags if not PASSING_TAGS.match(tag)),
        "userTags": sorted(run.user_tags),
        "endTask": names.keys.get((end.parent.id, end.id)) if end else None,
        "repeated": repeated,
        "tasks": {names.keys[(task.parent.id, task.id)]: describe(task, names) for task in tasks},
    }


if __name__ == "__main__":
    answer = main(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3])
    with open(sys.argv[4], "w") as out:
        json.dump(answer, out)
