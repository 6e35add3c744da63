"""
Print what the tasks of a run have printed, read from the datastore: `python -m metaflow_extensions.temporal.logs_reader`.

The first line of stdin is `{"datastore": {"type", "root"}, "fixed", "flow", "run", "step"?, "task"?, "streams": […], "follow"}`. Every line of
stdout is `{"step", "task", "attempt", "stream", "time", "line"}`; at the end comes `{"steps": […], "tasks": n}`: the steps and the number of tasks seen.

G1. Without `follow`: step by step in the order in which the steps began, task by task, attempt by attempt, both streams by time.
G2. With `follow` each pass prints what is new, until stdin closes or says `end`: then comes one last pass, over everything.
G3. A line is printed once, and only whole: the last one of a file that may still grow waits for its end.
G4. What is in memory is bounded: the logs of a few tasks at a time.
"""

import heapq
import json
import os
import re
import select
import sys
import time

#: Seconds between two looks at a task that runs, and at one that has ended: it may be tried again.
LOOK = 1.0
LOOK_ENDED = 20.0
#: Seconds for which a task that wrote its end may still have its last lines saved.
SETTLE = 10.0
#: Tasks whose logs are loaded together.
TOGETHER = 16

_LOG = re.compile(r"(\d+)\.([a-z]+)_(stdout|stderr)\.log$")
_DONE = re.compile(r"(\d+)\.DONE\.lock$")


def natural(text):
    """A sort key that puts `train-10` behind `train-9`."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


class Reader:
    """The logs of one run."""

    def __init__(self, storages, wanted, emit):
        self._storages = storages
        self._storage = storages[0]
        self._wanted = wanted
        self._emit = emit
        self._root = self._storage.path_join(wanted["flow"], wanted["run"])
        #: Steps in the order in which they began.
        self.steps = []
        #: Lines printed of each file.
        self._printed = {}
        #: When each task was first seen to have ended, and when it is to be looked at next.
        self._ended = {}
        self._next_look = {}
        self.tasks = 0

    def run(self, last):
        """One pass. `last` prints unfinished lines too."""
        now = time.monotonic()
        if not self.steps:
            # The first that has the run; one that is followed may not have begun.
            self._storage = next((each for each in self._storages if each.list_content([self._root])), self._storages[0])
        steps = self._order([path for path in self._folders([self._root]) if not _name(path).startswith("_")])
        step = self._wanted.get("step")
        self.steps = [_name(path) for path in steps]
        seen = 0
        for path in steps:
            if step and _name(path) != step:
                continue
            tasks = sorted(self._folders([path]), key=lambda each: natural(_name(each)))
            if self._wanted.get("task"):
                tasks = [each for each in tasks if _name(each) == self._wanted["task"]]
            seen += len(tasks)
            due = [each for each in tasks if last or self._next_look.get(each, 0) <= now]
            for start in range(0, len(due), TOGETHER):
                self._look(due[start : start + TOGETHER], now, last)
        self.tasks = seen

    def _look(self, tasks, now, last):
        logs = {task: [] for task in tasks}
        attempts = {task: set() for task in tasks}
        done = {task: set() for task in tasks}
        for path, is_file in self._storage.list_content(tasks):
            path = path.rstrip("/")
            folder, name = path.rsplit("/", 1)
            if not is_file or folder not in logs:
                continue
            found = _LOG.match(name)
            if found and found.group(3) in self._wanted["streams"]:
                logs[folder].append((int(found.group(1)), found.group(3), path))
            ended = _DONE.match(name)
            if ended:
                done[folder].add(int(ended.group(1)))
            elif name[0].isdigit():
                attempts[folder].add(int(name.split(".", 1)[0]))
        paths = [path for task in tasks for _, _, path in logs[task]]
        lines = {}
        if paths:
            with self._storage.load_bytes(paths) as loaded:
                for key, file, _ in loaded:
                    if file is not None:
                        lines[key.rstrip("/")] = self._new_lines(key.rstrip("/"), file, last)
        for task in tasks:
            self._print(task, logs[task], lines)
            self._plan(task, attempts[task] <= done[task] and bool(done[task]), now)

    def _plan(self, task, ended, now):
        """When to look again."""
        if not ended:
            self._ended.pop(task, None)
            self._next_look[task] = now
            return
        since = self._ended.setdefault(task, now)
        self._next_look[task] = now if now - since < SETTLE else now + LOOK_ENDED

    def _new_lines(self, key, file, last):
        from metaflow.mflog import mflog

        new = []
        number, stamp = 0, ""
        before = self._printed.get(key, 0)
        with open(file, "rb") as stream:
            for raw in stream:
                if not raw.endswith(b"\n") and not last:
                    break
                number += 1
                parsed = mflog.parse(raw)
                if parsed:
                    stamp = parsed.utc_tstamp_str.decode("ascii", "replace") + "Z"
                if number > before:
                    text = (parsed.msg if parsed else raw).decode("utf-8", "replace").rstrip("\r\n")
                    new.append((stamp, number, text))
        self._printed[key] = max(number, before)
        return new

    def _print(self, task, files, lines):
        step, name = task.split("/")[-2:]
        for attempt in sorted({each for each, _, _ in files}):
            streams = [
                [(stamp, stream, number, text) for stamp, number, text in lines.get(path, ())]
                for each, stream, path in sorted(files)
                if each == attempt
            ]
            for stamp, stream, _, text in heapq.merge(*streams, key=lambda line: line[0]):
                self._emit(
                    {"step": step, "task": name, "attempt": attempt, "stream": stream, "time": stamp or None, "line": text}
                )

    def _folders(self, paths):
        return [path.rstrip("/") for path, is_file in self._storage.list_content(paths) if not is_file]

    def _order(self, paths):
        """Steps by when the first task at hand began; those that were known keep their places."""
        new = [path for path in paths if _name(path) not in self.steps]
        began = {}
        for path in new:
            first = sorted(self._folders([path]), key=lambda each: natural(_name(each)))[:1]
            began[path] = self._beginning(first[0]) if first else float("inf")
        known = [path for name in self.steps for path in paths if _name(path) == name]
        return known + sorted(new, key=lambda path: (began[path], path))

    def _beginning(self, task):
        path = self._storage.path_join(task, "0.attempt.json")
        with self._storage.load_bytes([path]) as loaded:
            for _, file, _ in loaded:
                if file is not None:
                    with open(file, "rb") as stream:
                        return json.loads(stream.read().decode("utf-8")).get("time", float("inf"))
        return float("inf")


def _name(path):
    return path.rsplit("/", 1)[-1]


def _told(seconds):
    """Whether stdin says, within so many seconds, that the run has ended."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready)


def main():
    # What Metaflow prints must not come between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1 << 16)
    os.dup2(2, 1)
    wanted = json.loads(sys.stdin.readline())

    from .once import step_aside

    # Started from the copy that Node carries: where another is installed, Metaflow refuses to see both.
    step_aside()
    from .storage import open_storages

    def emit(value):
        out.write(json.dumps(value) + "\n")

    place = wanted["datastore"]
    reader = Reader(open_storages(place["type"], place["root"], wanted.get("fixed")), wanted, emit)
    while wanted.get("follow"):
        reader.run(last=False)
        out.flush()
        if _told(LOOK):
            break
    reader.run(last=True)
    emit({"steps": reader.steps, "tasks": reader.tasks})
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
