from metaflow import FlowSpec, step, unbounded_test_foreach_internal
from metaflow.plugins import InternalTestUnboundedForeachInput


class UnboundedFlow(FlowSpec):
    """A foreach whose width only its control task knows, inside of a plain one."""

    @step
    def start(self):
        self.outer = ["a", "b"]
        self.next(self.split, foreach="outer")

    @step
    def split(self):
        self.letter = self.input
        self.arr = InternalTestUnboundedForeachInput(range(3))
        self.next(self.inner, foreach="arr")

    @unbounded_test_foreach_internal
    @step
    def inner(self):
        self.seen = (self.letter, self.input, self.index)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.seen = [each.seen for each in inputs]
        self.next(self.out)

    @step
    def out(self, inputs):
        self.all = sorted(sum([each.seen for each in inputs], []))
        self.next(self.end)

    @step
    def end(self):
        print(self.all)


if __name__ == "__main__":
    UnboundedFlow()
