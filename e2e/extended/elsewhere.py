import os
import sys

from helpers_beside import shout
from metaflow import FlowSpec, Parameter, catch, current, elsewhere, retry, step

#: The interpreter beneath the virtual environment, which has no Metaflow of its own.
BASE = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])


def place():
    return {"elsewhere": "ELSEWHERE" in os.environ, "plain": sys.prefix == sys.base_prefix, "cwd": os.getcwd() == os.environ.get("ELSEWHERE")}


class ElsewhereFlow(FlowSpec):
    """Steps whose command a decorator has replaced, in every kind of transition."""

    size = Parameter("size", default=2)

    @elsewhere(interpreter=BASE)
    @step
    def start(self):
        print("start says", shout("hello"))
        print("and complains", file=sys.stderr)
        self.place = place()
        self.items = list(range(self.size))
        self.next(self.each, foreach="items")

    @retry(times=2, minutes_between_retries=0)
    @elsewhere(interpreter=BASE)
    @step
    def each(self):
        print("item", self.input, "attempt", current.retry_count)
        if self.input == 1 and current.retry_count == 0:
            raise ValueError("item 1 fails at first")
        self.place = place()
        self.doubled = 2 * self.input
        self.next(self.join)

    @elsewhere(interpreter=BASE)
    @step
    def join(self, inputs):
        self.places = [each.place for each in inputs]
        self.doubled = [each.doubled for each in inputs]
        self.round = 0
        self.next(self.choose)

    @elsewhere(interpreter=BASE)
    @step
    def choose(self):
        self.round += 1
        self.way = "again" if self.round < 2 else "on"
        self.next({"again": self.choose, "on": self.risky}, condition="way")

    @catch(var="problem")
    @retry(times=1, minutes_between_retries=0)
    @elsewhere(interpreter=BASE)
    @step
    def risky(self):
        self.before = place()
        raise KeyError("this always fails")
        self.next(self.left, self.right)

    @step
    def left(self):
        self.side = "left"
        self.next(self.meet)

    @step
    def right(self):
        self.side = "right"
        self.here = place()
        self.next(self.meet)

    @elsewhere
    @step
    def meet(self, inputs):
        self.sides = (inputs.left.side, inputs.right.side)
        self.here = place()
        self.problem = inputs.left.problem
        self.next(self.end)

    @step
    def end(self):
        self.caught = (self.problem.type, str(self.problem.exception))
        print(self.caught)


if __name__ == "__main__":
    ElsewhereFlow()
