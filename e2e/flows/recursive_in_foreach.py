"""A loop inside a foreach: every index goes round a different number of times."""

from metaflow import FlowSpec, step


class RecursiveInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.limits = [3, 1, 2]
        self.next(self.enter, foreach="limits")

    @step
    def enter(self):
        self.rounds = 0
        self.next(self.loop)

    @step
    def loop(self):
        self.rounds += 1
        self.state = "again" if self.rounds < self.input else "done"
        self.seen = (self.index, self.input, self.rounds)
        self.next({"again": self.loop, "done": self.leave}, condition="state")

    @step
    def leave(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.seen = [task.seen for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.seen == [(0, 3, 3), (1, 1, 1), (2, 2, 2)]


if __name__ == "__main__":
    RecursiveInForeachFlow()
