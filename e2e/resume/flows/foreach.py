# resume: {"steps": ["work", "gather"]}
"""A foreach of two steps; one index fails in the second of them."""
import os
import time

from metaflow import FlowSpec, step


class ResumeForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = list("abcdef")
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.letter = self.input
        print("work on", self.letter)
        self.next(self.more)

    @step
    def more(self):
        self.twice = self.letter * 2
        if self.index == 3 and os.path.exists("broken"):
            time.sleep(0.5)
            raise ValueError("not %s" % self.letter)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.all = [each.twice for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.all)


if __name__ == "__main__":
    ResumeForeachFlow()
