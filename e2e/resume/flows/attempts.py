# resume: {"steps": ["caught"]}
"""Tasks that needed a second attempt, or whose failure was caught, are finished tasks as all others."""
import os

from metaflow import FlowSpec, catch, current, retry, step


class ResumeAttemptsFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.retried)

    @retry(times=2, minutes_between_retries=0)
    @step
    def retried(self):
        self.attempt = current.retry_count
        print("attempt", self.attempt)
        if self.attempt == 0:
            raise ValueError("first")
        self.next(self.caught)

    @catch(print_exception=False)
    @step
    def caught(self):
        if not os.path.exists("never"):
            raise KeyError("caught")
        self.next(self.late)

    @retry(times=1, minutes_between_retries=0)
    @step
    def late(self):
        self.tries = current.retry_count
        if os.path.exists("broken"):
            raise ValueError("late")
        self.next(self.end)

    @step
    def end(self):
        print(self.attempt, self.tries)


if __name__ == "__main__":
    ResumeAttemptsFlow()
