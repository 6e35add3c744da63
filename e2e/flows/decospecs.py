# equivalence: {"env": {"METAFLOW_DECOSPECS": "retry:times=1,minutes_between_retries=0 card:id=added"}}
from metaflow import FlowSpec, current, step


class DecospecsFlow(FlowSpec):
    """Decorators that nobody typed: the environment adds them to each step."""

    @step
    def start(self):
        self.attempt = current.retry_count
        if current.retry_count == 0:
            raise ValueError("once")
        self.next(self.end)

    @step
    def end(self):
        self.has_card = hasattr(current, "card")


if __name__ == "__main__":
    DecospecsFlow()
