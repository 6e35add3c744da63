# resume: {"steps": ["b", "inner_x", "outer"]}
"""A split in a split; one branch fails, the others may finish before or not."""
import os
import time

from metaflow import FlowSpec, step


class ResumeSplitFlow(FlowSpec):
    @step
    def start(self):
        self.trail = ["start"]
        self.next(self.a, self.b)

    @step
    def a(self):
        self.trail = self.trail + ["a"]
        self.next(self.inner_x, self.inner_y)

    @step
    def inner_x(self):
        self.x = 1
        self.next(self.inner)

    @step
    def inner_y(self):
        self.y = 2
        self.next(self.inner)

    @step
    def inner(self, inputs):
        self.sum = inputs.inner_x.x + inputs.inner_y.y
        self.next(self.outer)

    @step
    def b(self):
        self.b_ran = True
        if os.path.exists("broken"):
            time.sleep(1)
            raise RuntimeError("b is broken")
        self.next(self.outer)

    @step
    def outer(self, inputs):
        self.result = (inputs.inner.sum, inputs.b.b_ran)
        self.next(self.end)

    @step
    def end(self):
        print("result", self.result)


if __name__ == "__main__":
    ResumeSplitFlow()
