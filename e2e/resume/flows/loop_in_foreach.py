# resume: {"since": "2.18", "steps": ["loop", "after"]}
"""A loop in each index of a foreach, longer for each; one index fails in its third round."""
import os
import time

from metaflow import FlowSpec, step


class ResumeLoopInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.rounds = [1, 2, 4]
        self.next(self.enter, foreach="rounds")

    @step
    def enter(self):
        self.most, self.seen = self.input, 0
        self.next(self.loop)

    @step
    def loop(self):
        self.seen += 1
        if self.seen == 3 and os.path.exists("broken"):
            time.sleep(1)
            raise RuntimeError("round 3")
        self.way = "on" if self.seen < self.most else "out"
        self.next({"on": self.loop, "out": self.after}, condition="way")

    @step
    def after(self):
        self.text = "x" * self.seen
        self.next(self.join)

    @step
    def join(self, inputs):
        self.texts = [each.text for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.texts)


if __name__ == "__main__":
    ResumeLoopInForeachFlow()
