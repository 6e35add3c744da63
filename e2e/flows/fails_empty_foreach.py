# equivalence: {"fails": true}
"""A foreach over nothing is an error of the step that opens it."""

from metaflow import FlowSpec, step


class FailsEmptyForeachFlow(FlowSpec):
    @step
    def start(self):
        self.items = []
        self.next(self.body, foreach="items")

    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsEmptyForeachFlow()
