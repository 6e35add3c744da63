"""Tasks that wait, so that many run at the same time."""

import time

from metaflow import FlowSpec, Parameter, step


class SleepFlow(FlowSpec):
    width = Parameter("width", type=int, default=200)
    seconds = Parameter("seconds", type=float, default=30.0)

    @step
    def start(self):
        self.items = list(range(self.width))
        self.next(self.wait, foreach="items")

    @step
    def wait(self):
        time.sleep(self.seconds)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SleepFlow()
