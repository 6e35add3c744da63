# equivalence: {"options": ["--with", "recorded_ctx", "--with", "recorded:note=2"], "deco": ["--shade", "blue"], "env": {"RECORDED_HOOKS": "hooks.jsonl"}, "tags": ["a:b"]}
import os

from metaflow import FlowSpec, Parameter, catch, current, recorded, recorded_flow, retry, step


@recorded_flow
class HooksFlow(FlowSpec):
    """Every hook of a third party's decorators, with retries, a foreach and a failure that is caught."""

    size = Parameter("size", default=2)

    @recorded(note="on a step")
    @step
    def start(self):
        self.shade = self._shade
        self.items = list(range(self.size))
        self.next(self.each, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @recorded
    @step
    def each(self):
        self.env = os.environ["RECORDED_BY_CLI"]
        if current.retry_count == 0 and self.input == 1:
            raise ValueError("once")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.envs = [each.env for each in inputs]
        self.shade = inputs[0].shade
        self.next(self.risky)

    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @step
    def risky(self):
        raise KeyError("always")
        self.next(self.end)

    @step
    def end(self):
        self.attributes = [deco.attributes["note"] for deco in type(self).end.decorators if deco.name == "recorded"]
        self.caught = self.problem.type


if __name__ == "__main__":
    HooksFlow()
