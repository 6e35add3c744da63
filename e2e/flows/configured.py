# equivalence: {"tags": ["one", "two:2"], "options": ["--with", "retry:times=1,minutes_between_retries=0"]}
"""A Config, a default that depends on it, `@project`, a decorator added by `--with`, tags."""

from metaflow import Config, FlowSpec, Parameter, config_expr, current, environment, project, step


@project(name="e2e_project")
class ConfiguredFlow(FlowSpec):
    settings = Config("settings", default_value={"size": 3, "colour": "red", "nested": {"deep": [1, 2]}})
    size = Parameter("size", type=int, default=settings.size)

    @environment(vars={"E2E_COLOUR": config_expr("settings.colour")})
    @step
    def start(self):
        import os

        self.colour = os.environ["E2E_COLOUR"]
        self.items = list(range(self.size))
        self.next(self.body, foreach="items")

    @step
    def body(self):
        if self.input == 1 and current.retry_count == 0:
            raise RuntimeError("retried because of --with")
        self.deep = (self.settings.nested.deep[0], self.input, current.retry_count)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.deeps = [task.deep for task in inputs]
        self.project = (current.project_name, current.branch_name, current.project_flow_name, current.is_production)
        self.next(self.end)

    @step
    def end(self):
        self.tags_here = sorted(tag for tag in current.tags if tag in ("one", "two:2"))


if __name__ == "__main__":
    ConfiguredFlow()
