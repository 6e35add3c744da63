import os
import sys

from helpers_beside import shout
from metaflow import FlowSpec, current, interpreted, retry, step

#: The interpreter beneath the virtual environment, which has no Metaflow of its own.
BASE = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])


def plain():
    return sys.prefix == sys.base_prefix and os.environ.get("PYTHONNOUSERSITE") == "1"


class InterpretedFlow(FlowSpec):
    """Steps that run here with another interpreter, as @conda and @pypi do it."""

    @interpreted(by=BASE)
    @step
    def start(self):
        print(shout("by another"))
        self.plain = plain()
        self.items = ["x", "y"]
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @interpreted(by=BASE)
    @step
    def each(self):
        if self.input == "y" and current.retry_count == 0:
            raise ValueError("once")
        self.plain = plain()
        self.next(self.join)

    @interpreted(by=BASE)
    @step
    def join(self, inputs):
        self.plains = [each.plain for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.here = plain()


if __name__ == "__main__":
    InterpretedFlow()
