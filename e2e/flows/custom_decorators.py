"""Decorators of one's own: generators and classes, a step that is skipped or replaced, mutators that add what a config says."""

import os

from metaflow import USER_SKIP_STEP, Config, FlowMutator, FlowSpec, Parameter, StepMutator, UserStepDecorator, config_expr
from metaflow import current, environment, retry, step, user_step_decorator


@user_step_decorator
def traced(step_name, flow, inputs=None, attributes=None):
    flow.trace = getattr(flow, "trace", []) + ["before " + step_name] if inputs is None else ["join"]
    yield
    flow.trace = flow.trace + ["after " + step_name]


@user_step_decorator
def forgiving(step_name, flow, inputs=None, attributes=None):
    try:
        yield
    except ValueError as error:
        print("forgiven:", error)
        flow.forgiven = str(error)


@user_step_decorator
def skipping(step_name, flow, inputs=None, attributes=None):
    flow.skipped = step_name
    yield USER_SKIP_STEP


class replaced(UserStepDecorator):
    def init(self, *args, **kwargs):
        self.word = kwargs["word"]

    def pre_step(self, step_name, flow, inputs=None):
        flow.made = self.word + " by " + step_name
        # The step's body is not run; its `self.next` is Metaflow's.
        self.skip_step = True

    def post_step(self, step_name, flow, exception=None):
        return exception


@user_step_decorator
def fewer(step_name, flow, inputs=None, attributes=None):
    """Skips the step's body and changes what its `self.next` gets."""
    flow.narrow = [1, 2]
    yield {"foreach": "narrow"}


class tuned(StepMutator):
    def init(self, *args, **kwargs):
        self.times = kwargs["times"]

    def mutate(self, mutable_step):
        mutable_step.add_decorator(retry, deco_kwargs={"times": self.times, "minutes_between_retries": 0}, duplicates=mutable_step.OVERRIDE)
        mutable_step.add_decorator(environment, deco_kwargs={"vars": {"E2E_TUNED": "times %d" % self.times}})


class Everywhere(FlowMutator):
    def pre_mutate(self, mutable_flow):
        mutable_flow.add_parameter("extra", Parameter("extra", default="from the mutator"))
        mutable_flow.add_parameter("more", Parameter("more", type=bool, default=False))
        for name, one in mutable_flow.steps:
            if name != "join":
                one.add_decorator(traced)


@Everywhere
class CustomDecoratorsFlow(FlowSpec):
    settings = Config("settings", default_value={"times": 1, "word": "made"})

    @step
    def start(self):
        self.got = (self.extra, self.more)
        self.next(self.passed_over)

    @skipping
    @step
    def passed_over(self):
        print("never printed")
        self.next(self.shaky)

    @tuned(times=config_expr("settings.times"))
    @retry(times=0)
    @step
    def shaky(self):
        self.env = os.environ.get("E2E_TUNED")
        if current.retry_count == 0:
            raise RuntimeError("first attempt")
        self.next(self.made_up)

    @replaced(word=config_expr("settings.word"))
    @step
    def made_up(self):
        print("never printed")
        self.next(self.spread)

    @fewer
    @step
    def spread(self):
        self.wide = [1, 2, 3, 4]
        self.next(self.body, foreach="wide")

    @forgiving
    @step
    def body(self):
        self.number = self.input
        if self.input == 2:
            raise ValueError("two")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.numbers = sorted(one.number for one in inputs)
        self.traces = sorted(one.trace for one in inputs)
        self.merge_artifacts(inputs, include=["got", "skipped", "env", "made"])
        self.next(self.end)

    @step
    def end(self):
        print(self.got, self.skipped, self.env, self.made, self.numbers)


if __name__ == "__main__":
    CustomDecoratorsFlow()
