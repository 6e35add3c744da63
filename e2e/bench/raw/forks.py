"""
The limit that no scheduler gets past: `python forks.py FLOW.py TASKS AT_A_TIME [STEP]` runs the step command of Metaflow for so many tasks of
a foreach, each in a fork of this process, which has imported Metaflow and does nothing else: no server, no protocol, no logs to save.

The flow's first step must have been run by the same command: it is here, once, before the clock starts. Prints one JSON object.
"""

import json
import os
import resource
import sys
import time

import metaflow  # noqa: F401 - what the forks are spared
import metaflow.runtime  # noqa: F401
from metaflow.metaflow_version import get_version

RUN, PARAMETERS = "raw-%d" % os.getpid(), "parameters"
OPTIONS = ["--quiet", "--no-pylint", "--metadata=local", "--datastore=local"]


def fork(path, code, words):
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        sys.argv = [path, *OPTIONS, *words]
        main = sys.modules["__main__"]
        main.__file__ = path
        exec(code, main.__dict__)
    except SystemExit as leave:
        status = leave.code or 0
    finally:
        os._exit(status)


def wait():
    _, status = os.wait()
    if status:
        sys.exit("a task ended with status %d" % status)


def step(name, task, inputs, *more):
    return ["step", name, "--run-id", RUN, "--task-id", task, "--input-paths", inputs, *more]


def main():
    path, tasks, width = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    body = sys.argv[4] if len(sys.argv) > 4 else "body"
    parameters = ["--width", str(tasks)]
    with open(path, "rb") as source:
        code = compile(source.read(), path, "exec", dont_inherit=True)
    # Asked by every task; of git, once.
    get_version()
    fork(path, code, ["init", "--run-id", RUN, "--task-id", PARAMETERS, *parameters])
    wait()
    fork(path, code, step("start", "opener", "%s/_parameters/%s" % (RUN, PARAMETERS)))
    wait()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    running = 0
    for number in range(tasks):
        if running == width:
            wait()
            running -= 1
        fork(path, code, step(body, "task-%d" % number, "%s/start/opener" % RUN, "--split-index", str(number)))
        running += 1
    for _ in range(running):
        wait()
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time()
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + own
    print(json.dumps({"seconds": seconds, "processor": processor, "tasks": tasks}))


if __name__ == "__main__":
    main()
