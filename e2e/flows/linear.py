# equivalence: {"params": {"start_at": 5}, "tags": ["colour:blue", "plain"]}
"""Linear; values of many kinds; an artifact that is changed in each step; lines on both streams."""

import datetime
import sys

from metaflow import FlowSpec, Parameter, current, step


class LinearFlow(FlowSpec):
    start_at = Parameter("start_at", type=int, default=1)

    @step
    def start(self):
        self.x = self.start_at
        self.kinds = {
            "none": None,
            "float": 0.1 + 0.2,
            "bytes": b"\x00\xff",
            "set": {3, 1, 2},
            "tuple": (1, ("a", [True])),
            "date": datetime.date(2026, 1, 2),
            "text": "line one\nline two, ünïcode ☃",
            "big": 2**80,
        }
        print("to stdout")
        print("to stderr", file=sys.stderr)
        self.next(self.middle)

    @step
    def middle(self):
        self.x = self.x * 10 + 1
        self.seen_tags = sorted(tag for tag in current.tags if tag in ("colour:blue", "plain"))
        self.where = (current.flow_name, current.step_name, current.retry_count, current.is_running_flow)
        self.path = current.pathspec
        self.next(self.end)

    @step
    def end(self):
        self.x = self.x * 10 + 2
        print("x is", self.x)


if __name__ == "__main__":
    LinearFlow()
