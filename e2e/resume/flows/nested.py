# resume: {"steps": ["inner", "close_inner"]}
"""A foreach in a foreach; one inner task fails, then nothing of the outer ones is joined."""
import os
import time

from metaflow import FlowSpec, step


class ResumeNestedFlow(FlowSpec):
    @step
    def start(self):
        self.rows = [10, 20, 30]
        self.next(self.row, foreach="rows")

    @step
    def row(self):
        self.base = self.input
        self.columns = list(range(self.index + 1))
        self.next(self.inner, foreach="columns")

    @step
    def inner(self):
        self.value = self.base + self.input
        if self.value == 31 and os.path.exists("broken"):
            time.sleep(1)
            raise KeyError("31")
        self.next(self.close_inner)

    @step
    def close_inner(self, inputs):
        self.values = [each.value for each in inputs]
        self.next(self.close_outer)

    @step
    def close_outer(self, inputs):
        self.table = [each.values for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.table)


if __name__ == "__main__":
    ResumeNestedFlow()
