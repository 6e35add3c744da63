"""`@catch` alone, with `@retry` below it, in a foreach, and with a process that dies; what `var` holds."""

import os
import signal

from metaflow import FlowSpec, catch, current, retry, step


class CatchesFlow(FlowSpec):
    @catch(var="problem", print_exception=False)
    @step
    def start(self):
        self.before = "kept"
        raise KeyError("no such thing")
        self.next(self.tried)

    @catch(var="after_retries", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def tried(self):
        self.had = (type(self.problem).__name__, self.problem.type, str(self.problem.exception))
        self.count = current.retry_count
        raise ValueError("at attempt %d" % current.retry_count)
        self.next(self.fan)

    @step
    def fan(self):
        self.last_count = self.count
        self.items = [0, 1, 2]
        self.next(self.each, foreach="items")

    @catch(var="failed", print_exception=False)
    @retry(times=0)
    @step
    def each(self):
        self.value = 6 // self.input
        self.next(self.join)

    @step
    def join(self, inputs):
        self.values = [None if task.failed else task.value for task in inputs]
        self.next(self.dies)

    @catch(var="died", print_exception=False)
    @step
    def dies(self):
        os.kill(os.getpid(), signal.SIGKILL)
        self.next(self.end)

    @step
    def end(self):
        self.died_type = type(self.died).__name__


if __name__ == "__main__":
    CatchesFlow()
