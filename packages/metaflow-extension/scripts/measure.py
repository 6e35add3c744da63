"""
What an empty step costs: `python scripts/measure.py [steps]`, with an interpreter that has Metaflow.

Prints, for fork and for spawn, milliseconds of wall clock a step (one at a time, and two at a time) and milliseconds of processor time
a step in all processes together: launcher, planner and task.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EXTENSION = os.path.join(os.path.dirname(HERE), "python")
BOOTSTRAP = "import metaflow_extensions.temporal.launcher as _l; _l.main()"
FLOW = """
from metaflow import FlowSpec, step

class EmptyFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    EmptyFlow()
"""


class Launcher:
    def __init__(self, directory, mode):
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        keep = [os.dup(to_read) for _ in range(8)]  # so that 3 and 4 are free for the taking in the child

        def arrange():
            a, b = os.dup(to_read), os.dup(to_write)
            os.dup2(a, 3)
            os.dup2(b, 4)

        env = dict(os.environ, PYTHONPATH=EXTENSION, METAFLOW_DATASTORE_SYSROOT_LOCAL=directory)
        env.setdefault("USERNAME", "measure")
        self.process = subprocess.Popen(
            [sys.executable, "-c", BOOTSTRAP], cwd=directory, env=env, preexec_fn=arrange, close_fds=False, stdout=subprocess.DEVNULL
        )
        for fd in (to_read, to_write, *keep):
            os.close(fd)
        self._lines = os.fdopen(self._from, encoding="utf-8")
        self.send({"op": "init", "file": "empty.py", "directory": directory, "options": ["--metadata=local"], "mode": mode})
        self.read()

    def send(self, message):
        os.write(self._to, (json.dumps(message) + "\n").encode())

    def read(self):
        return json.loads(self._lines.readline())

    def answer(self):
        while True:
            message = self.read()
            if "re" in message:
                assert message["ok"], message
                return message

    def ask(self, message):
        self.send(message)
        return self.answer()

    def end(self):
        self.ask({"op": "shutdown", "id": "end", "grace": 5})
        self.process.wait()
        os.close(self._to)
        self._lines.close()


def task(run, number):
    return {
        "op": "task", "id": f"{run}-{number}", "run_id": run, "step": "start", "task_id": f"temporal-start-{number}",
        "input_paths": [f"{run}/_parameters/temporal-_parameters-0"], "attempt": 0,
    }  # fmt: skip


def measure(directory, mode, steps, width):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    launcher = Launcher(directory, mode)
    run = f"temporal-{mode}-{steps}-{width}"
    launcher.ask({"op": "open", "id": "open", "run_id": run, "params": {}, "tags": [], "register": True})
    start = time.perf_counter()
    for number in range(min(width, steps)):
        launcher.send(task(run, number))
    for number in range(steps):
        launcher.answer()
        if number + width < steps:
            launcher.send(task(run, number + width))
    wall = time.perf_counter() - start
    launcher.ask({"op": "close", "id": "close", "run_id": run, "status": "completed"})
    launcher.end()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    directory = tempfile.mkdtemp(prefix="mft-measure-")
    try:
        with open(os.path.join(directory, "empty.py"), "w", encoding="utf-8") as out:
            out.write(FLOW)
        for mode, count in (("fork", steps), ("spawn", max(5, steps // 10))):
            _, idle = measure(directory, mode, 0, 1)
            one, cpu = measure(directory, mode, count, 1)
            two, _ = measure(directory, mode, count + 1, 2)
            print(
                f"{mode:5}  one at a time {one / count * 1000:6.1f} ms   two at a time {two / (count + 1) * 1000:6.1f} ms"
                f"   processor {(cpu - idle) / count * 1000:6.1f} ms"
            )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
