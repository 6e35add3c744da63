"""Three branches of different lengths, joined by name."""

from metaflow import FlowSpec, step


class SplitJoinFlow(FlowSpec):
    @step
    def start(self):
        self.common = [1, 2, 3]
        self.next(self.a, self.b, self.c)

    @step
    def a(self):
        self.x = "a"
        self.next(self.join)

    @step
    def b(self):
        self.x = "b"
        self.next(self.b_more)

    @step
    def b_more(self):
        self.x += "+"
        self.next(self.join)

    @step
    def c(self):
        self.only_c = True
        self.x = "c"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.x = inputs.a.x + inputs.b_more.x + inputs.c.x
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        assert self.only_c and self.common == [1, 2, 3]


if __name__ == "__main__":
    SplitJoinFlow()
