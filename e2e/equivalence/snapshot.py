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

# As when the flow is run: extensions may lie beside it.
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))

import metaflow  # noqa: E402

# Tags that tell where and when a run was made rather than what it is.
PASSING_TAGS = re.compile(r"^(runtime:|date:|temporal_|metaflow_run_id:)")
NUMBERS = ("int", "float")
# Metadata that differs from run to run: where it ran, what came from elsewhere, our own, and cards, which are named by chance.
PASSING_METADATA = re.compile(
    r"^(ds-root|temporal-|runtime|origin-|code-package|conda|git-info|metaflow_version)|^[0-9a-f]{32}$"
)


def load_flow_module(path):
    """Artifacts of the flow file's classes are pickled as `__main__.X`: give `__main__` those names."""
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
        self.keys = {}
        self.path = re.compile(r"(?<![\w.-])" + re.escape(run.id) + r"/([a-z0-9_]+)/([\w.-]+)")
        # Ids that a metadata service gives are small numbers, which may mean anything elsewhere.
        self.run = re.compile(r"(?<=%s/)%s\b" % (run.parent.id, run.id) if run.id.isdigit() else re.escape(run.id))

    def text(self, text, task_id=None):
        if text == task_id:
            return "<task>"
        text = text.replace(os.getcwd(), "<here>")
        # What Metaflow's own example of an unbounded foreach prints: paths and ids, all of them.
        text = re.sub(r"with cmd:.*", "with cmd:<command>", text)
        text = self.path.sub(lambda m: "<run>/" + self.keys.get((m.group(1), m.group(2)), m.group(1) + "/?"), text)
        text = self.run.sub("<run>", text)
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


def _bytes(text):
    return text.encode() if isinstance(text, str) else text


def code_of(owner):
    """What the code package says of itself; its hash tells nothing, since it holds the time at which it was made."""
    code = owner.code
    return None if code is None else {"script": code.script_name, "flow": b"FlowSpec" in _bytes(code.flowspec)}


def attempts_of(task, names):
    """Output and exception of the attempts before the last one, as each is asked for."""
    found = []
    for attempt in range(task.current_attempt):
        earlier = metaflow.Task(task.pathspec, attempt=attempt)
        found.append(
            {
                "stdout": names.text(earlier.stdout, None).splitlines(),
                "stderr": names.text(earlier.stderr, None).splitlines(),
                "exception": exception_of(earlier),
                "finished": earlier.finished,
            }
        )
    return found


def loglines_of(task):
    """By source and stream, how many lines; whether the times of them rise and the task's own start and end enclose them."""
    times = [when for stream in ("stdout", "stderr") for when, _ in task.loglines(stream)]
    return {"lines": len(times), "recent": all(when is None or when.year >= 2020 for when in times)}


def cards_of(task, names):
    """Cards as the cards API finds them from the working directory."""
    from metaflow.cards import get_cards
    from metaflow.plugins.cards.exception import CardNotPresentException

    found = []
    try:
        cards = list(get_cards(task))
    except CardNotPresentException:
        return []
    for card in cards:
        html = card.get()
        data = (card.get_data() or {}).get("data") if hasattr(card, "get_data") else None
        # Components are numbered at random.
        data = json.loads(re.sub(r"_[0-9a-f]{6}\b", "_<id>", json.dumps(data)))
        found.append({"type": card.type, "id": card.id, "html": html.lstrip().lower().startswith(("<!doctype", "<html")), "data": data})
    return sorted(found, key=json.dumps)


def metadata_of(task, names):
    metadata = {name: value for name, value in task.metadata_dict.items() if not PASSING_METADATA.match(name)}
    return {name: names.value(value, None) for name, value in sorted(metadata.items())}


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
        "metadata": metadata_of(task, names),
        "index": task.index,
        "attempt": task.current_attempt,
        "attempts": attempts_of(task, names),
        "loglines": loglines_of(task),
        "environment": task.environment_info,
        "code": code_of(task),
        "cards": cards_of(task, names),
        "times": task.created_at is not None and (not task.finished or task.finished_at >= task.created_at),
        "control": (metadata.get("internal_task_type") or ""),
        "taskId": task.id,
        # Of a resumed run: where a task comes from, and which task it was there, if it was cloned.
        "origin": [metadata["origin-run-id"], metadata.get("origin-task-id")] if "origin-run-id" in metadata else None,
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
        "code": code_of(run),
        "originRunId": getattr(run, "origin_run_id", None),
        "endTask": names.keys.get((end.parent.id, end.id)) if end else None,
        "repeated": repeated,
        "tasks": {names.keys[(task.parent.id, task.id)]: describe(task, names) for task in tasks},
    }


if __name__ == "__main__":
    answer = main(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3])
    with open(sys.argv[4], "w") as out:
        json.dump(answer, out)
