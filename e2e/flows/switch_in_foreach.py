"""A switch inside a foreach, whose ways end in different steps before one join: which index came from where."""

from metaflow import FlowSpec, step


class SwitchInForeachFlow(FlowSpec):
    @step
    def start(self):
        self.numbers = [1, 2, 3, 4, 5]
        self.next(self.look, foreach="numbers")

    @step
    def look(self):
        self.n = self.input
        self.parity = "even" if self.n % 2 == 0 else "odd"
        self.next({"even": self.halve, "odd": self.triple}, condition="parity")

    @step
    def halve(self):
        self.n = self.n // 2
        self.way = "halve"
        self.next(self.join)

    @step
    def triple(self):
        self.n = self.n * 3
        self.next(self.plus_one)

    @step
    def plus_one(self):
        self.n = self.n + 1
        self.way = "triple"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.result = sorted((task.index, task.n, task.way) for task in inputs)
        self.next(self.end)

    @step
    def end(self):
        assert [row[1] for row in self.result] == [4, 1, 10, 2, 16]


if __name__ == "__main__":
    SwitchInForeachFlow()
