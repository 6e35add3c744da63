"""A foreach whose body has two steps; the second still knows its index and its item; order of the join's inputs."""

from metaflow import FlowSpec, step


class ForeachLinearFlow(FlowSpec):
    @step
    def start(self):
        self.letters = ["q", "w", "e", "r", "t", "y"]
        self.next(self.first, foreach="letters")

    @step
    def first(self):
        self.got = self.input
        self.next(self.second)

    @step
    def second(self):
        self.again = (self.index, self.input, self.got, [tuple(frame) for frame in self.foreach_stack()])
        print("task", self.index)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.order = [task.index for task in inputs]
        self.joined = "".join(task.got for task in inputs)
        self.stacks = [task.again for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.joined == "qwerty" and self.order == [0, 1, 2, 3, 4, 5]


if __name__ == "__main__":
    ForeachLinearFlow()
