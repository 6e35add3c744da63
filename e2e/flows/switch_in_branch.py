"""A switch in a branch of a split; a nested switch in the other."""

from metaflow import FlowSpec, step


class SwitchInBranchFlow(FlowSpec):
    @step
    def start(self):
        self.mode = "b"
        self.next(self.left, self.right)

    @step
    def left(self):
        self.log = ["left"]
        self.next({"a": self.left_a, "b": self.left_b}, condition="mode")

    @step
    def left_a(self):
        self.log = self.log + ["a"]
        self.next(self.left_done)

    @step
    def left_b(self):
        self.log = self.log + ["b"]
        self.next(self.left_done)

    @step
    def left_done(self):
        self.next(self.join)

    @step
    def right(self):
        self.log = ["right"]
        self.next({"a": self.right_done, "b": self.right_again}, condition="mode")

    @step
    def right_again(self):
        self.log = self.log + ["again"]
        self.finer = "q"
        self.next({"p": self.right_done, "q": self.right_q}, condition="finer")

    @step
    def right_q(self):
        self.log = self.log + ["q"]
        self.next(self.right_done)

    @step
    def right_done(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.log = inputs.left_done.log + inputs.right_done.log
        self.next(self.end)

    @step
    def end(self):
        print(self.log)


if __name__ == "__main__":
    SwitchInBranchFlow()
