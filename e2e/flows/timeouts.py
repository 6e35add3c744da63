"""`@timeout` acts inside the step: alone under `@catch`, and with `@retry`, where the second attempt is in time."""

import time

from metaflow import FlowSpec, catch, current, retry, step, timeout


class TimeoutsFlow(FlowSpec):
    @catch(var="late", print_exception=False)
    @timeout(seconds=1)
    @step
    def start(self):
        time.sleep(60)
        self.next(self.second)

    @retry(times=1, minutes_between_retries=0)
    @timeout(seconds=1)
    @step
    def second(self):
        self.at = current.retry_count
        if current.retry_count == 0:
            time.sleep(60)
        self.next(self.end)

    @step
    def end(self):
        self.was_late = self.late is not None


if __name__ == "__main__":
    TimeoutsFlow()
