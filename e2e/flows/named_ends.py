"""First and last steps of other names."""

from metaflow import FlowSpec, step


class NamedEndsFlow(FlowSpec):
    @step(start=True)
    def begin(self):
        self.items = [7, 8]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.y = self.input + 1
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.ys = [task.y for task in inputs]
        self.next(self.finish)

    @step(end=True)
    def finish(self):
        print(self.ys)


if __name__ == "__main__":
    NamedEndsFlow()
