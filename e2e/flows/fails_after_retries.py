# equivalence: {"fails": true}
"""Fails at every attempt, in a foreach of one element."""

from metaflow import FlowSpec, current, retry, step


class FailsAfterRetriesFlow(FlowSpec):
    @step
    def start(self):
        self.items = ["only"]
        self.next(self.breaks, foreach="items")

    @retry(times=2, minutes_between_retries=0)
    @step
    def breaks(self):
        self.attempt = current.retry_count
        raise ValueError("%s, attempt %d" % (self.input, current.retry_count))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FailsAfterRetriesFlow()
