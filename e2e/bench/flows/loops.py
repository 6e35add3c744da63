"""A foreach over `width`, in which a step goes round `rounds` times."""

from metaflow import FlowSpec, Parameter, step


class LoopsFlow(FlowSpec):
    width = Parameter("width", type=int, default=2)
    rounds = Parameter("rounds", type=int, default=10)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.enter, foreach="items")

    @step
    def enter(self):
        self.count = 0
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.way = "on" if self.count < self.rounds else "out"
        self.next({"on": self.loop, "out": self.leave}, condition="way")

    @step
    def leave(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.counts = [each.count for each in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.counts == [self.rounds] * self.width


if __name__ == "__main__":
    LoopsFlow()
