"""The first step of a foreach's body is the loop itself: only its first visit is given a split index."""

from metaflow import FlowSpec, step


class LoopFirstInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.limits = [2, 3]
        self.rounds = 0
        self.next(self.loop, foreach="limits")

    @step
    def loop(self):
        self.rounds += 1
        self.seen = (self.index, self.input, self.rounds)
        self.state = "again" if self.rounds < self.input else "done"
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
        pass


if __name__ == "__main__":
    LoopFirstInForeachFlow()
