"""A step that goes round `rounds` times."""

from metaflow import FlowSpec, Parameter, step


class RoundsFlow(FlowSpec):
    rounds = Parameter("rounds", type=int, default=500)

    @step
    def start(self):
        self.count = 0
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.way = "on" if self.count < self.rounds else "out"
        self.next({"on": self.loop, "out": self.end}, condition="way")

    @step
    def end(self):
        assert self.count == self.rounds


if __name__ == "__main__":
    RoundsFlow()
