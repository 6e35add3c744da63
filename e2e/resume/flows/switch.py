# resume: {"since": "2.18", "steps": ["choose", "slow"]}
"""A switch in each index of a foreach; the branch that one index takes fails."""
import os
import time

from metaflow import FlowSpec, step


class ResumeSwitchFlow(FlowSpec):
    @step
    def start(self):
        self.items = [0, 1, 2, 3]
        self.next(self.choose, foreach="items")

    @step
    def choose(self):
        self.kind = "fast" if self.input % 2 else "slow"
        self.next({"fast": self.fast, "slow": self.slow}, condition="kind")

    @step
    def fast(self):
        self.path = "fast"
        self.next(self.same)

    @step
    def slow(self):
        self.path = "slow"
        if self.input == 2 and os.path.exists("broken"):
            time.sleep(1)
            raise ValueError("too slow")
        self.next(self.same)

    @step
    def same(self):
        self.word = "%s%d" % (self.path, self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.words = [each.word for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.words)


if __name__ == "__main__":
    ResumeSwitchFlow()
