"""Three levels of foreach, each of a size that depends on the level above."""

from metaflow import FlowSpec, step


class ThreeLevelsFlow(FlowSpec):
    @step
    def start(self):
        self.xs = [1, 2]
        self.next(self.level_x, foreach="xs")

    @step
    def level_x(self):
        self.x = self.input
        self.ys = list("ab")[: self.x]
        self.next(self.level_y, foreach="ys")

    @step
    def level_y(self):
        self.y = self.input
        self.zs = [self.x * 10, self.x * 100]
        self.next(self.level_z, foreach="zs")

    @step
    def level_z(self):
        self.cell = (self.x, self.y, self.input, self.index, [frame[0] for frame in self.foreach_stack()])
        self.next(self.join_z)

    @step
    def join_z(self, inputs):
        self.cells = [task.cell for task in inputs]
        self.index_here = self.index
        self.next(self.join_y)

    @step
    def join_y(self, inputs):
        self.cells = [task.cells for task in inputs]
        self.next(self.between)

    @step
    def between(self):
        self.still_in_x = (self.index, self.input)
        self.next(self.join_x)

    @step
    def join_x(self, inputs):
        self.cells = [(task.still_in_x, task.cells) for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.cells)


if __name__ == "__main__":
    ThreeLevelsFlow()
