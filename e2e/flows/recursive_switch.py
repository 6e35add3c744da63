# equivalence: {"params": {"limit": 5}}
"""A step that goes to itself, first in the flow, then another one; every visit is a task of its own."""

from metaflow import FlowSpec, Parameter, step


class RecursiveSwitchFlow(FlowSpec):
    limit = Parameter("limit", type=int, default=3)

    @step
    def start(self):
        self.count = 0
        self.visited = []
        self.next(self.loop)

    @step
    def loop(self):
        self.count += 1
        self.visited = self.visited + [self.count * self.count]
        self.go = "on" if self.count < self.limit else "out"
        self.next({"on": self.loop, "out": self.between}, condition="go")

    @step
    def between(self):
        self.next(self.once)

    @step
    def once(self):
        """Leaves at its first visit."""
        self.go = "out"
        self.next({"on": self.once, "out": self.end}, condition="go")

    @step
    def end(self):
        print(self.visited)


if __name__ == "__main__":
    RecursiveSwitchFlow()
