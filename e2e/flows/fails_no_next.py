# equivalence: {"fails": true}
"""A step that returns before its `self.next`: the task is good, the run is not."""

from metaflow import FlowSpec, step


class FailsNoNextFlow(FlowSpec):
    @step
    def start(self):
        self.x = 1
        if self.x == 1:
            return
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsNoNextFlow()
