"""What can go wrong, and what Metaflow does about it: `@retry`, `@catch`, `@timeout`, `@environment`.

`download` fails twice before it works, `parse` fails for good on one of its inputs and the flow goes on without it,
`wait` takes too long and is cut off.
"""

import os
import time

from metaflow import FlowSpec, catch, current, environment, retry, step, timeout


class ResilientFlow(FlowSpec):
    """Retries, a caught exception and a time limit."""

    @step
    def start(self):
        self.next(self.download)

    @environment(vars={"SOURCE": "mirror-2"})
    @retry(times=3, minutes_between_retries=0)
    @step
    def download(self):
        """Works on the third attempt; attempts count from 0."""
        if current.retry_count < 2:
            raise ConnectionError("%s is not answering" % os.environ["SOURCE"])
        self.attempts = current.retry_count + 1
        self.rows = ["1", "2", "three", "4"]
        self.next(self.parse, foreach="rows")

    @catch(var="problem")
    @step
    def parse(self):
        """A row that is no number leaves `problem` behind instead of failing the run."""
        self.value = int(self.input)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.values = [task.value for task in inputs if not task.problem]
        self.bad_rows = [task.index for task in inputs if task.problem]
        self.attempts = inputs[0].attempts
        self.next(self.wait)

    @catch(var="late", print_exception=False)
    @timeout(seconds=1)
    @step
    def wait(self):
        """Cut off after a second."""
        time.sleep(30)
        self.next(self.end)

    @step
    def end(self):
        print("values %s, bad rows %s, %d attempts" % (self.values, self.bad_rows, self.attempts))
        self.timed_out = self.late is not None


if __name__ == "__main__":
    ResilientFlow()
