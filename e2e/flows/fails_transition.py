# equivalence: {"fails": true}
from metaflow import FlowSpec, step


class FailsTransitionFlow(FlowSpec):
    """A step goes elsewhere than its last line says, which is what the graph was read from."""

    @step
    def start(self):
        self.x = 1
        if self.x:
            self.next(self.other)
            return
        self.next(self.middle)

    @step
    def middle(self):
        self.next(self.other)

    @step
    def other(self):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsTransitionFlow()
