# equivalence: {"options": ["--config-value", "given", "{\"threshold\": 1.0, \"words\": [\"a\", {\"b\": null}], \"ü\": \"--x\"}", "--config-value", "plain", "as it is: {"]}
"""Configs of every kind, in every place that takes one: decorators, parameters, mutators, user code."""

import inspect
import os

from metaflow import Config, FlowMutator, FlowSpec, Parameter, config_expr, current, environment, project, retry, step

HERE = os.path.dirname(os.path.abspath(__file__))


def pairs(text):
    """A format that is not JSON."""
    return dict(line.split("=", 1) for line in text.split())


def numbered(text):
    return {"lines": text.splitlines(), "count": 1.0 * len(text.splitlines())}


def words(text):
    return text.split() if PLAIN else {"words": text.split()}


# Older releases of Metaflow know mappings alone.
PLAIN = "plain" in inspect.signature(Config.__init__).parameters
AS_IT_IS = {"plain": True} if PLAIN else {"parser": lambda text: {"text": text}}


class Extended(FlowMutator):
    """What it adds depends on a config."""

    def init(self, amount):
        self.amount = amount

    def pre_mutate(self, mutable_flow):
        configs = dict(mutable_flow.configs)
        mutable_flow.add_parameter("added", Parameter("added", type=int, default=configs["given"].threshold * self.amount))
        for name, one in mutable_flow.steps:
            if name == "start":
                one.add_decorator(environment, deco_kwargs={"vars": {"E2E_ADDED": configs["given"]["words"][0]}})

    def mutate(self, mutable_flow):
        for name, one in mutable_flow.steps:
            if name == "end":
                one.add_decorator(retry, deco_kwargs={"times": int(dict(mutable_flow.configs)["given"].threshold), "minutes_between_retries": 0})


@Extended(3)
@project(name=config_expr("inline.project.name"))
class ConfigKindsFlow(FlowSpec):
    given = Config("given", required=True)
    inline = Config("inline", default_value={"project": {"name": "config_kinds"}, "times": 2, "list": [1, [2.0]]})
    text = Config("text", default_value='{"as": "text"}')
    file = Config("file", default=os.path.join(HERE, "helpers", "settings.txt"), parser=pairs)
    made = Config("made", default_value=lambda context: "made for\n" + context.flow_name, parser=numbered)
    chosen = Config("chosen", default=lambda context: os.path.join(HERE, "helpers", "settings.txt"), parser=numbered)
    plain = Config("plain", **AS_IT_IS)
    listed = Config("listed", **{**AS_IT_IS, "parser": words}, default_value="a b c")
    absent = Config("absent", required=False, **({} if PLAIN else {"default_value": {}}))
    limit = Parameter("limit", default=config_expr("given.threshold + 1"))
    asked = Parameter("asked", type=int, default=lambda context: context.configs.inline.times)

    @environment(vars={"E2E_COLOUR": config_expr("file.colour"), "E2E_SIZE": "fixed"})
    @step
    def start(self):
        self.env = [os.environ[name] for name in ("E2E_COLOUR", "E2E_SIZE") if name in os.environ] + [os.environ.get("E2E_ADDED")]
        self.seen = [
            repr(value)
            for value in (
                self.given.threshold, self.given["words"], self.given.to_dict(), self.inline.project.name, self.inline.list, self.text["as"],
                dict(self.file), dict(self.made), dict(self.chosen), self.plain, self.listed, self.absent, self.limit, self.asked, self.added,
                current.project_name,
            )
        ]
        for line in self.seen + [repr(self.env)]:
            print(line)
        self.copied = self.given if PLAIN else self.given.to_dict()
        self.next(self.shaky)

    @retry(times=config_expr("inline.times"), minutes_between_retries=0)
    @step
    def shaky(self):
        self.attempt = current.retry_count
        if self.attempt < 1:
            raise ValueError("not yet")
        self.nested = self.copied["words"][1]
        self.next(self.end)

    @step
    def end(self):
        if current.retry_count == 0:
            raise ValueError("once more: the mutator's @retry")
        print(type(self.given).__name__, self.inline.list[1][0])


if __name__ == "__main__":
    ConfigKindsFlow()
