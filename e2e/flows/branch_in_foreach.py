"""A split, and in one of its branches a foreach, inside a foreach."""

from metaflow import FlowSpec, step


class BranchInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.outer = ["o0", "o1"]
        self.next(self.body, foreach="outer")

    @step
    def body(self):
        self.o = self.input
        self.next(self.plain, self.wide)

    @step
    def plain(self):
        self.r = (self.o, self.index)
        self.next(self.meet)

    @step
    def wide(self):
        self.inner = [self.o + "i0", self.o + "i1"]
        self.next(self.wide_body, foreach="inner")

    @step
    def wide_body(self):
        self.r = (self.input, self.o)
        self.next(self.wide_join)

    @step
    def wide_join(self, inputs):
        self.r = [task.r for task in inputs]
        self.next(self.meet)

    @step
    def meet(self, inputs):
        self.r = [inputs.plain.r, inputs.wide_join.r]
        self.index_here = self.index
        self.next(self.join)

    @step
    def join(self, inputs):
        self.r = [task.r for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.r)


if __name__ == "__main__":
    BranchInForeachFlow()
