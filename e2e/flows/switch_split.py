"""A switch whose chosen branch is a split, and another whose chosen branch is a foreach; both meet the other case."""

from metaflow import FlowSpec, step


class SwitchSplitFlow(FlowSpec):
    @step
    def start(self):
        self.kind = "wide"
        self.next({"wide": self.wide, "narrow": self.narrow}, condition="kind")

    @step
    def narrow(self):
        self.r = "narrow"
        self.next(self.choose)

    @step
    def wide(self):
        self.next(self.wide_a, self.wide_b)

    @step
    def wide_a(self):
        self.r = "a"
        self.next(self.wide_join)

    @step
    def wide_b(self):
        self.r = "b"
        self.next(self.wide_join)

    @step
    def wide_join(self, inputs):
        self.r = inputs.wide_a.r + inputs.wide_b.r
        self.next(self.choose)

    @step
    def choose(self):
        self.many = 2
        self.next({1: self.single, 2: self.several}, condition="many")

    @step
    def single(self):
        self.total = 1
        self.next(self.end)

    @step
    def several(self):
        self.items = [4, 5, 6]
        self.next(self.each, foreach="items")

    @step
    def each(self):
        self.value = (self.input, self.r)
        self.next(self.each_join)

    @step
    def each_join(self, inputs):
        self.total = [task.value for task in inputs]
        self.r = inputs[0].r
        self.next(self.end)

    @step
    def end(self):
        print(self.r, self.total)


if __name__ == "__main__":
    SwitchSplitFlow()
