"""Subprocesses, threads and multiprocessing inside a step; random numbers are seeded per task."""

import multiprocessing
import os
import random
import subprocess
import sys
import threading

from metaflow import FlowSpec, step


def square(n):
    return n * n


class ProcessesFlow(FlowSpec):
    @step
    def start(self):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            self.forked = pool.map(square, range(4))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            self.spawned = pool.map(square, range(3))
        self.child = subprocess.run([sys.executable, "-c", "print(6 * 7)"], stdout=subprocess.PIPE, text=True).stdout
        self.items = [0, 1]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        box = []
        thread = threading.Thread(target=lambda: box.append(self.index))
        thread.start()
        thread.join()
        self.box = box
        self._random = random.random()
        self.main_file = os.path.basename(sys.modules["__main__"].__file__)
        self.argv0 = os.path.basename(sys.argv[0])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.boxes = [task.box for task in inputs]
        self.different = inputs[0]._random != inputs[1]._random
        self.merge_artifacts(inputs, include=["main_file", "argv0"])
        self.next(self.end)

    @step
    def end(self):
        assert self.different


if __name__ == "__main__":
    ProcessesFlow()
