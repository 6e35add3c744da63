"""A foreach in a foreach, `width` times `width` empty tasks."""

from metaflow import FlowSpec, Parameter, step


class NestedFlow(FlowSpec):
    width = Parameter("width", type=int, default=10)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.row, foreach="items")

    @step
    def row(self):
        self.items = list(range(self.width))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join_row)

    @step
    def join_row(self, inputs):
        self.count = len(list(inputs))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.count = sum(each.count for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        assert self.count == self.width**2


if __name__ == "__main__":
    NestedFlow()
