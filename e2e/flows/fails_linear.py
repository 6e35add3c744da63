# equivalence: {"fails": true}
"""Fails in its second step; the step before it keeps its artifacts, the step after it never starts."""

import sys

from metaflow import FlowSpec, step


class NoSuchThing(Exception):
    pass


class FailsLinearFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        self.next(self.breaks)

    @step
    def breaks(self):
        self.y = 2
        print("about to fail")
        print("and said so", file=sys.stderr)
        raise NoSuchThing("the reason: %d" % self.x)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsLinearFlow()
