"""Two branches at once, a foreach in one of them, and a join that brings both together.

Summarises a small range of numbers: one branch looks at the whole of it, the other squares each number in a task of its own.
"""

from metaflow import FlowSpec, Parameter, step


class BranchesFlow(FlowSpec):
    """A static split, with a foreach inside one branch."""

    count = Parameter("count", help="How many numbers.", type=int, default=4)
    offset = Parameter("offset", help="The first number.", type=int, default=1)

    @step
    def start(self):
        self.numbers = list(range(self.offset, self.offset + self.count))
        self.next(self.summarise, self.fan_out)

    @step
    def summarise(self):
        """The whole at once."""
        self.total = sum(self.numbers)
        self.next(self.combine)

    @step
    def fan_out(self):
        """One task a number."""
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.squared = self.input**2
        print("task %d squares %d" % (self.index, self.input))
        self.next(self.collect)

    @step
    def collect(self, inputs):
        """Inputs of a foreach come in the order of its index."""
        self.squares = [task.squared for task in inputs]
        self.next(self.combine)

    @step
    def combine(self, inputs):
        """Inputs of a split are reached by the name of the step before the join."""
        self.total = inputs.summarise.total
        self.squares = inputs.collect.squares
        self.merge_artifacts(inputs, include=["numbers"])
        self.next(self.end)

    @step
    def end(self):
        self.report = {"numbers": self.numbers, "total": self.total, "squares": self.squares}
        print("sum %d, sum of squares %d" % (self.total, sum(self.squares)))


if __name__ == "__main__":
    BranchesFlow()
