"""A split in each branch of a split, and a join that goes straight into a join."""

from metaflow import FlowSpec, step


class NestedSplitFlow(FlowSpec):
    @step
    def start(self):
        self.log = ["start"]
        self.next(self.left, self.right)

    @step
    def left(self):
        self.log = self.log + ["left"]
        self.next(self.left_a, self.left_b)

    @step
    def left_a(self):
        self.log = self.log + ["left_a"]
        self.next(self.left_join)

    @step
    def left_b(self):
        self.log = self.log + ["left_b"]
        self.next(self.left_join)

    @step
    def left_join(self, inputs):
        self.log = [inputs.left_a.log, inputs.left_b.log]
        self.next(self.join)

    @step
    def right(self):
        self.log = self.log + ["right"]
        self.next(self.right_a, self.right_b, self.right_c)

    @step
    def right_a(self):
        self.log = self.log + ["right_a"]
        self.next(self.right_join)

    @step
    def right_b(self):
        self.log = self.log + ["right_b"]
        self.next(self.right_join)

    @step
    def right_c(self):
        self.log = self.log + ["right_c"]
        self.next(self.right_join)

    @step
    def right_join(self, inputs):
        self.log = sorted(task.log for task in inputs)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.log = [inputs.left_join.log, inputs.right_join.log]
        self.next(self.end)

    @step
    def end(self):
        self.flat = str(self.log)


if __name__ == "__main__":
    NestedSplitFlow()
