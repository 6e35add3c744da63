"""Three empty steps in a row."""

from metaflow import FlowSpec, step


class ThreeStepsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ThreeStepsFlow()
