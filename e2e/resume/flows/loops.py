# resume: {"since": "2.18", "steps": ["count", "again"]}
"""Two loops; the second fails in its third round."""
import os

from metaflow import FlowSpec, step


class ResumeLoopsFlow(FlowSpec):
    @step
    def start(self):
        self.n, self.m = 0, 0
        self.next(self.count)

    @step
    def count(self):
        self.n += 1
        self.way = "on" if self.n < 3 else "out"
        self.next({"on": self.count, "out": self.between}, condition="way")

    @step
    def between(self):
        # Right after one another, metaflow resume would run a round of the second twice.
        self.next(self.again)

    @step
    def again(self):
        self.m += 1
        if self.m == 3 and os.path.exists("broken"):
            raise RuntimeError("round 3")
        self.way = "on" if self.m < 5 else "out"
        self.next({"on": self.again, "out": self.end}, condition="way")

    @step
    def end(self):
        print(self.n, self.m)


if __name__ == "__main__":
    ResumeLoopsFlow()
