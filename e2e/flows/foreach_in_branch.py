"""A foreach in two of three branches."""

from metaflow import FlowSpec, step


class ForeachInBranchFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.plain, self.few, self.more)

    @step
    def plain(self):
        self.r = "plain"
        self.next(self.join)

    @step
    def few(self):
        self.items = ["f0"]
        self.next(self.few_body, foreach="items")

    @step
    def few_body(self):
        self.r = self.input
        self.next(self.few_join)

    @step
    def few_join(self, inputs):
        self.r = [task.r for task in inputs]
        self.next(self.join)

    @step
    def more(self):
        self.things = ["m0", "m1", "m2"]
        self.next(self.more_body, foreach="things")

    @step
    def more_body(self):
        self.r = self.input
        self.next(self.more_join)

    @step
    def more_join(self, inputs):
        self.r = [task.r for task in inputs]
        self.next(self.after)

    @step
    def after(self):
        self.r = self.r + ["after"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.r = [inputs.plain.r, inputs.few_join.r, inputs.after.r]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ForeachInBranchFlow()
