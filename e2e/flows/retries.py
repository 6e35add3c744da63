"""`@retry` with attempts recorded: some tasks of a foreach fail once, one step fails twice."""

from metaflow import FlowSpec, current, retry, step


class RetriesFlow(FlowSpec):
    @retry(times=2, minutes_between_retries=0)
    @step
    def start(self):
        self.at = current.retry_count
        print("attempt", current.retry_count)
        if current.retry_count < 2:
            self.leftover = "of a failed attempt"
            raise ValueError("attempt %d fails" % current.retry_count)
        self.items = [0, 1, 2]
        self.next(self.some, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def some(self):
        if self.input == 1 and current.retry_count == 0:
            raise RuntimeError("index 1 fails once")
        self.at = current.retry_count
        self.next(self.join)

    @retry(times=0)
    @step
    def join(self, inputs):
        self.ats = [task.at for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        assert self.ats == [0, 1, 0]


if __name__ == "__main__":
    RetriesFlow()
